"""What Spanish-speaking customers of the sample company write, by mood and by what it is about."""

UNHAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "El técnico tenía que venir el martes entre las ocho y las diez. Apareció el jueves y sin la pieza.",
        "Tres visitas por el mismo molinillo y cada vez tengo que contarlo todo desde el principio.",
        "Cerramos la barra una hora para esperarle. No vino y nadie llamó.",
    ),
    "fault": (
        "La máquina se apaga sola justo a la hora del desayuno. Todos los días.",
        "Error 41 otra vez. El mismo que en primavera.",
        "El grifo de vapor murió un viernes por la noche con el local lleno.",
        "Nos cambiaron la máquina por otra con la misma avería.",
    ),
    "refill": (
        "Nueve días sin café en grano con un pedido fijo. Compré en el supermercado.",
        "Mandaron descafeinado para todo el mes. Dos veces.",
        "El pedido llegó un domingo con el local cerrado y lo dejaron en la calle.",
        "Falta media caja y nadie sabe decirme dónde está.",
    ),
    "invoice": (
        "Me facturan dos máquinas y tengo una. Ya lo he dicho tres veces.",
        "El abono que prometieron en agosto no llega, los recordatorios sí.",
        "La factura no dice ni de qué local es.",
    ),
    "silence": (
        "Cuatro correos sin respuesta. Solo quiero saber que alguien los ha leído.",
        "Me dijeron que me llamarían en una hora. Han pasado once días.",
        "Solo se acuerdan de nosotros cuando toca renovar.",
    ),
    "price": (
        "Una subida del once por ciento en una carta de tres líneas.",
        "El pedido mínimo es demasiado para un café de seis mesas.",
    ),
    "portal": (
        "Quise mover una entrega y la web las movió todas.",
        "La tienda en línea me pide la dirección cada vez que entro.",
    ),
    "taste": (
        "Desde que cambiaron el tueste mis clientes dejan la taza a medias.",
        "El agua sabe a plástico desde que cambiaron el filtro.",
    ),
    "install": (
        "La instalación duró dos días porque nadie preguntó dónde estaba el desagüe.",
        "La formación que iba incluida todavía no se ha hecho.",
    ),
}

LUKEWARM: dict[str, tuple[str, ...]] = {
    "technician": (
        "Buen trabajo, pero una franja de cuatro horas es imposible con un solo camarero.",
        "Amable y rápido. El informe llegó una semana después.",
    ),
    "fault": (
        "Funciona casi siempre.",
        "La repararon pronto, pero ya es la tercera vez este año.",
    ),
    "refill": (
        "Llega a tiempo, con demasiado cartón.",
        "Me gustaría poder saltarme un mes.",
        "Casi siempre correcto. En octubre faltaron dos bolsas.",
    ),
    "invoice": ("Correcta, pero cuesta entenderla.",),
    "silence": (
        "Al final se resolvió. Tuve que preguntar dos veces.",
        "Gente simpática cuando consigues hablar con ella.",
    ),
    "price": ("Buen servicio, un poco caro.",),
    "portal": ("En el ordenador bien, en el móvil cuesta.",),
    "taste": ("El café bien, el chocolate no.",),
    "install": ("El día de la instalación todo bien. Conseguir la fecha fue lo difícil.",),
}

HAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "Vino un domingo en menos de una hora.",
        "Le enseñó a mi hijo a descalcificarla. Ya nos ha ahorrado una llamada.",
        "Limpio, callado y listo antes de abrir.",
    ),
    "fault": (
        "Once meses sin una sola avería.",
        "Se rompió un lunes y el martes teníamos otra de repuesto.",
    ),
    "refill": (
        "Llega el día que toca a la puerta que toca.",
        "Cambié el pedido a las nueve de la noche y al día siguiente estaba bien.",
        "El repartidor me lo sube hasta el almacén.",
    ),
    "invoice": ("Una factura clara para los tres locales.",),
    "silence": (
        "Contestaron al segundo tono y sabían de qué máquina hablaba.",
        "Dijeron tres días y fueron tres días.",
    ),
    "price": ("No es lo más barato y lo vale.",),
    "portal": ("Pedir me lleva un minuto.",),
    "taste": (
        "Mis clientes preguntan qué café es.",
        "La mezcla de otoño se acabó en cuatro días.",
        "El mejor espresso del barrio, dicen, y yo no lo discuto.",
    ),
    "install": ("Nueve días desde el pedido hasta la primera taza, formación incluida.",),
    "people": (
        "Gente seria.",
        "Tratan un café pequeño como si fuera grande.",
        "Les he recomendado a la panadería de enfrente.",
        "Así da gusto.",
        "Honestos cuando algo sale mal.",
    ),
}

TAILS: dict[str, tuple[str, ...]] = {
    "unhappy": (
        "Por favor, mírenlo bien esta vez.",
        "Cada vez pierdo media mañana.",
        "Una llamada corta ya ayudaría.",
        "Antes les recomendaba.",
    ),
    "lukewarm": ("Nada grave.", "Por lo demás, bien.", "Seguimos con ustedes.", "Sería poca cosa cambiarlo."),
    "happy": ("Gracias.", "Saludos de todo el equipo.", "Seguimos.", "Mi socia opina lo mismo."),
}
