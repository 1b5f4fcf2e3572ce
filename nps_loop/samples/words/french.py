"""What French-speaking customers of the sample company write, by mood and by what it is about."""

UNHAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "Le technicien devait passer mardi entre huit et dix heures. Il est venu jeudi, sans la pièce.",
        "Troisième visite pour le même moulin, et à chaque fois je réexplique tout.",
        "Nous avons attendu tout le matin. Personne, pas un appel.",
    ),
    "fault": (
        "La machine du deuxième étage est encore en panne. Erreur 41, comme au printemps.",
        "La buse vapeur a lâché le soir du séminaire. 180 personnes et une bouilloire.",
        "La fontaine goutte dans le meuble depuis deux semaines.",
    ),
    "refill": (
        "Neuf jours sans filtres alors que la commande est permanente.",
        "Du décaféiné pour tout le bâtiment. Deux fois de suite.",
        "La livraison a été laissée sur le trottoir un samedi, quai fermé.",
    ),
    "invoice": (
        "On nous facture huit machines, nous en avons six. Je l’ai dit trois fois.",
        "L’avoir promis en août n’est toujours pas là, les relances si.",
    ),
    "silence": (
        "Quatre courriels sans réponse. Je voudrais juste savoir que quelqu’un les a lus.",
        "On devait me rappeler dans l’heure. C’était il y a onze jours.",
        "Dossier clos sans que personne nous ait parlé. Qui décide de cela ?",
    ),
    "price": (
        "Onze pour cent de plus dans une lettre de trois lignes.",
        "Nous payons la grande formule et nous attendons autant qu’avec la petite.",
    ),
    "portal": ("Le portail oublie nos sites à chaque connexion. Je commande par téléphone.",),
    "taste": (
        "Depuis le changement de grains le café a un goût de brûlé.",
        "Les clients de l’hôtel laissent la tasse à moitié pleine.",
    ),
    "install": (
        "L’installation a pris deux jours : personne n’avait demandé où est l’évacuation.",
        "La formation comprise dans l’offre n’a jamais eu lieu.",
    ),
}

LUKEWARM: dict[str, tuple[str, ...]] = {
    "technician": (
        "Bon travail, mais un créneau de quatre heures est difficile à tenir à la réception.",
        "Aimable et rapide. Le rapport est arrivé une semaine après.",
    ),
    "fault": (
        "Elle marche la plupart du temps.",
        "Réparée vite, mais c’est la troisième fois cette année.",
    ),
    "refill": (
        "À l’heure, avec trop d’emballage.",
        "J’aimerais pouvoir sauter un mois.",
    ),
    "invoice": ("Exacte, mais difficile à lire. Une ligne par site nous aiderait.",),
    "silence": (
        "Tout a été réglé à la fin. J’ai dû demander deux fois.",
        "Des gens charmants quand on arrive à les joindre.",
    ),
    "price": ("Bon service, un peu cher.",),
    "portal": ("Très bien sur ordinateur, pénible au téléphone.",),
    "taste": ("Le café oui, le chocolat non.",),
    "install": ("Parfait le jour même. C’est la date qui a été longue à obtenir.",),
}

HAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "Venu un dimanche, en moins d’une heure.",
        "Il a montré à notre veilleur de nuit comment détartrer. Cela nous a déjà évité un appel.",
        "Propre, discret, parti avant le premier client.",
    ),
    "fault": ("Onze mois sans une seule panne.",),
    "refill": (
        "Le bon jour, à la bonne porte, la bonne quantité.",
        "Commande changée à vingt et une heures, juste le lendemain.",
        "Le livreur monte les cartons au deuxième sans qu’on le demande.",
    ),
    "invoice": ("Une seule facture claire pour tous nos sites.",),
    "silence": (
        "Quelqu’un a décroché tout de suite et savait de quelle machine je parlais.",
        "Vous aviez dit trois jours. Ce fut trois jours.",
    ),
    "price": ("Pas le moins cher, et on sait pourquoi.",),
    "portal": ("Je commande en une minute.",),
    "taste": (
        "Le meilleur café de bureau que je connaisse.",
        "Nos clients parlent de l’expresso dans leurs avis.",
    ),
    "install": ("Neuf jours entre la commande et la première tasse, formation comprise.",),
    "people": (
        "Des gens sérieux.",
        "Je vous ai recommandés au cabinet d’en face.",
        "Même un petit bureau est traité comme un grand.",
        "Continuez comme cela.",
    ),
}

TAILS: dict[str, tuple[str, ...]] = {
    "unhappy": (
        "Regardez cela sérieusement cette fois.",
        "J’y perds une demi-journée à chaque fois.",
        "Un simple appel aiderait déjà.",
        "Avant, nous vous recommandions.",
    ),
    "lukewarm": ("Rien de grave.", "À part cela, rien à redire.", "Nous restons.", "Ce serait peu de chose."),
    "happy": ("Merci.", "Bonjour de toute l’équipe.", "Nous restons.", "Mes collègues disent la même chose."),
}
