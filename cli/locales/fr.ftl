### Les textes du terminal, en français.
### Seulement des messages simples, des variables et des pluriels : les textes d'autres plateformes en sont faits.

## Aide

about = Sealpost : des messages sous scellé, dans le terminal.
usage = sealpost [--account NOM] COMMANDE
after-help = Codes de retour : 0 fait, 1 échec, 2 arguments faux, 3 attend dans la boîte d'envoi (rien n'est perdu), 4 a besoin de vous, 5 problème avec le dossier du compte, 6 relais non joint.
heading-usage = Utilisation
heading-commands = Commandes
heading-options = Réglages
heading-arguments = Éléments
heading-global = Réglages de toute commande
value-command = COMMANDE
value-account = NOM|CHEMIN
value-language = LANGUE
value-name = NOM
value-vault = COFFRE
value-address = ADRESSE
value-pin = HEX
value-number = NUMÉRO
value-code = CODE
value-text = TEXTE
value-who = QUI
value-card = CARTE
value-seconds = SECONDES
value-switch = on|off
value-group = GROUPE
value-folder = CHEMIN
value-listen = ADRESSE:PORT
value-host = HÔTE
value-file = FICHIER
value-position = ENDROIT
value-words = MOTS
value-count = NOMBRE
value-target = FICHIER ou -
value-shell = INTERPRÉTEUR
help-account = Quel compte : un nom, ou le chemin de son dossier (sinon : le compte « default »)
help-passphrase-file = Lire la phrase secrète à la première ligne de ce fichier
help-json = Un objet JSON par ligne au lieu de texte
help-lang = Langue : en, de ou fr (sinon : celle de l'environnement)
help-help = Montrer cette aide
help-version = Montrer la version
help-who = ID ou nom d'un contact
help-whom = ID ou nom d'un contact ou d'un groupe
help-group = Nom d'un groupe, ou le début de son ID

## Arguments faux

refusal-unknown = « { $argument } » n'existe pas ici.
refusal-missing = Il manque : { $argument }
refusal-no-command = Il manque une commande.
refusal-conflict = « { $argument } » ne va pas avec le reste.
refusal-value = « { $value } » ne convient pas à { $argument }.
refusal-other = Cela ne se comprend pas : { $argument }
refusal-help = « sealpost --help » et « sealpost COMMANDE --help » montrent comment l'écrire.

## Commandes

init-usage = sealpost init [--name NOM] [--vault keyring|passphrase]
init-about = Créer un compte sur cet appareil
init-help-name = Le nom que voient les contacts
init-help-vault = Où est gardée la clé : keyring (trousseau) ou passphrase (sinon : le trousseau, s'il répond)
init-done = Votre ID est { $id }. Ses clés sont nées sur cet appareil et y restent.
init-keyring = Le compte est dans { $folder }. Le trousseau du bureau garde sa clé.
init-passphrase = Le compte est dans { $folder }. Votre phrase secrète le ferme : personne ne peut la retrouver pour vous.
init-next = Ensuite : sealpost register

register-usage = sealpost register --relay ADRESSE [--pin HEX] (--phone NUMÉRO | --open), ou --invitation TEXTE
register-about = S'inscrire auprès d'un relais
register-help-relay = L'adresse du relais, par exemple https://relay.example
register-help-pin = Empreinte (SHA-256) de l'autorité de certification propre au relais
register-help-phone = Votre numéro de téléphone, sous forme internationale
register-help-code = Le code du SMS, si vous l'avez déjà
register-help-invitation = Une invitation ; elle nomme le relais
register-help-open = Sans numéro ni invitation, si le relais le permet
register-relay = Ce relais est tenu par : { $operator } ({ $region })
register-code-sent =
    { $minutes ->
        [one] Un code est parti par SMS. Il est valable { $minutes } minute.
       *[other] Un code est parti par SMS. Il est valable { $minutes } minutes.
    }
register-done = Inscription faite : { $id } auprès de { $relay }
register-number-kept = Le relais n'a pas gardé votre numéro, seulement une empreinte à clé secrète.
register-next = Ensuite : « sealpost card » montre votre carte de contact, « sealpost contacts add » ajoute celle d'un autre.

id-usage = sealpost id [delete | keep | name NOM | read-receipts on|off | start-over]
id-about = Montrer votre profil, ou le changer
id-delete-usage = sealpost id delete [--yes]
id-delete-about = Supprimer le compte du relais, pour toujours ; ce qui est gardé ici reste lisible
id-help-yes = ne rien demander
id-keep-usage = sealpost id keep
id-keep-about = Garder cet ID bien que son numéro ait été inscrit de nouveau
id-name-usage = sealpost id name NOM
id-name-about = Changer le nom que voient les contacts
id-read-receipts-usage = sealpost id read-receipts on|off
id-read-receipts-about = Dire aux auteurs que vous avez lu leurs messages, ou non
id-start-over-usage = sealpost id start-over
id-start-over-about = Continuer avec cet appareil, pris pour une copie : tout autre est alors refusé
id-help-switch = on (oui) ou off (non)
id-name = Nom : { $name }
id-id = ID : { $id }
id-fingerprint = Empreinte : { $fingerprint }
id-relay = Relais : { $relay }
id-unregistered = Pas encore d'inscription : sealpost register
id-number-linked = Numéro de téléphone : lié (le relais n'en connaît qu'une empreinte)
id-number-none = Numéro de téléphone : aucun
id-receipts-on = Accusés de lecture : oui
id-receipts-off = Accusés de lecture : non
id-retires = Attention : le numéro de cet ID a été inscrit de nouveau. L'ID prend fin le { $time }, sauf si vous dites : sealpost id keep
id-deleted = Le compte { $id } est supprimé du relais, avec tout ce qui l'attendait ; l'ID n'est jamais redonné. Ce qui est gardé ici reste lisible et peut être exporté : « sealpost export ». Quand vous n'en avez plus besoin, supprimez le dossier du compte.

card-usage = sealpost card [--qr]
card-about = Montrer votre carte de contact
card-help-qr = Dessiner aussi un code QR
card-nobody-asked = Remarque : aucune confirmation n'a été demandée, car le trousseau est ouvert.
card-next = Qui a cette carte peut vous écrire. Un autre l'ajoute avec : sealpost contacts add CARTE

contacts-usage = sealpost contacts [add CARTE | rename QUI NOM | accept QUI | block QUI | unblock QUI | send-again QUI VERS]
contacts-about = Montrer vos contacts, ou les changer
contacts-add-usage = sealpost contacts add CARTE [--name NOM]
contacts-add-about = Ajouter un contact par sa carte
contacts-rename-usage = sealpost contacts rename QUI NOM
contacts-rename-about = Donner un autre nom à un contact
contacts-accept-usage = sealpost contacts accept QUI
contacts-accept-about = Accepter quelqu'un qui a écrit en premier
contacts-block-usage = sealpost contacts block QUI
contacts-block-about = Bloquer un contact ; il n'en saura rien
contacts-unblock-usage = sealpost contacts unblock QUI
contacts-unblock-about = Débloquer un contact
contacts-send-again-usage = sealpost contacts send-again QUI VERS
contacts-send-again-about = Envoyer à la nouvelle ID d'une personne ce que l'ancienne n'a pas reçu
contacts-sent-again =
    { $count ->
        [one] Un message est renvoyé.
       *[other] { $count } messages sont renvoyés.
    }
contacts-still-waiting = Encore à envoyer au relais : { $count } …
contacts-help-card = Le lien de la carte, ou - pour l'entrée standard
contacts-help-name = Le nom du contact sur cet appareil
contacts-none = Aucun contact encore. « sealpost contacts add CARTE » ajoute le premier.
contacts-added = Comparez l'empreinte à votre prochaine rencontre : { $fingerprint }
contact-request = veut vous écrire
contact-blocked = bloqué
contact-needs-new-card = demandez une nouvelle carte
contact-retired = cet ID a pris fin
trust-unverified = non vérifié
trust-known = connu
trust-scanned = vérifié en personne
trust-alarm = ALARME, autre clé
change-waits = Pas de connexion : le changement reste ici et atteindra le relais avec la prochaine.

groups-usage = sealpost groups [create NOM QUI… | show GROUPE | add GROUPE QUI… | remove GROUPE QUI… | rename GROUPE NOM | admin GROUPE QUI | policy GROUPE | accept GROUPE | leave GROUPE | recreate GROUPE]
groups-about = Montrer vos groupes, ou les changer
groups-create-usage = sealpost groups create NOM QUI…
groups-create-about = Créer un groupe avec des contacts ; vous en êtes l'admin
groups-show-usage = sealpost groups show GROUPE
groups-show-about = Montrer qui est dans un groupe
groups-add-usage = sealpost groups add GROUPE QUI…
groups-add-about = Ajouter des contacts
groups-remove-usage = sealpost groups remove GROUPE QUI…
groups-remove-about = Retirer des membres : ils ne lisent rien de ce qui est envoyé ensuite
groups-rename-usage = sealpost groups rename GROUPE NOM
groups-rename-about = Renommer un groupe, pour tous ses membres
groups-admin-usage = sealpost groups admin GROUPE QUI [--revoke]
groups-admin-about = Faire d'un membre un admin, ou d'un admin un membre comme les autres
groups-policy-usage = sealpost groups policy GROUPE [--members-add on|off] [--members-rename on|off]
groups-policy-about = Dire ce que peuvent les membres qui ne sont pas admins
groups-accept-usage = sealpost groups accept GROUPE
groups-accept-about = Accepter l'invitation dans un groupe
groups-leave-usage = sealpost groups leave GROUPE
groups-leave-about = Quitter un groupe, ou refuser une invitation ; ce qui a été dit reste ici
groups-recreate-usage = sealpost groups recreate GROUPE [--without QUI…]
groups-recreate-about = Recréer un groupe, quand rien d'autre ne peut le réparer
groups-help-name = Le nom du groupe, que voient tous ses membres
groups-help-revoke = Reprendre les droits d'admin
groups-help-members-add = Si chaque membre peut en ajouter d'autres
groups-help-members-rename = Si chaque membre peut renommer le groupe
groups-help-without = Les membres qui ne seront pas dans le nouveau
groups-none = Aucun groupe encore. « sealpost groups create NOM QUI… » crée le premier.
groups-on-its-way = En route vers le relais …
group-members =
    { $count ->
        [one] groupe de { $count }
       *[other] groupe de { $count }
    }
group-you-admin = vous êtes admin
group-member = vous êtes membre
group-invited = { $name } vous invite : « sealpost groups accept », ou « leave »
group-leaving = vous partez
group-left-it = vous êtes parti
group-removed-from = vous avez été retiré
group-members-add = Chaque membre peut en ajouter d'autres.
group-admins-add = Seuls les admins peuvent ajouter des membres.
group-members-rename = Chaque membre peut renommer le groupe.
group-admins-rename = Seuls les admins peuvent renommer le groupe.
member-admin = admin du groupe
member-no-contact = pas dans vos contacts

send-usage = sealpost send QUI TEXTE… [--also QUI]… [--wait SECONDES]
send-about = Envoyer un message
send-help-text = Le texte, ou - pour l'entrée standard
send-help-wait = Combien de temps attendre le relais (sinon : 15)
send-help-also = L'envoyer aussi à ce contact ou à ce groupe ; peut être répété
send-help-file = Envoyer un fichier : pas encore
send-not-to = Pas encore à { $name } :
account-in-use = Un autre programme utilise ce compte ; attente …
passphrase-file-open = D'autres sur cette machine peuvent lire { $file } : « chmod 600 » vous le réserve.
passphrase-file-empty = sa première ligne est vide
send-done = À { $name } : { $state }

chat-usage = sealpost chat QUI
chat-about = Parler avec un contact ou dans un groupe, en direct
chat-start = Conversation avec { $name }. Ce que vous tapez est envoyé ; /help montre les commandes, /quit termine.
chat-help = /reply NUMÉRO TEXTE (répondre), /edit [#NUMÉRO] TEXTE (modifier), /delete [NUMÉRO] (supprimer), /react NUMÉRO ÉMOJI (sans émoji : la retirer), /typing, /quit. Le numéro est devant chaque message. Un message qui commence par une barre oblique se tape avec deux.
chat-help-group = Dans un groupe aussi : /members (les membres), /add QUI (ajouter), /remove QUI (retirer), /rename NOM (renommer), /admin QUI, /accept (accepter l'invitation), /leave (quitter).
chat-typing = { $name } écrit …
chat-online = La connexion est là.
chat-offline = Pas de connexion. Ce que vous écrivez attend ici et partira plus tard.

watch-usage = sealpost watch [--resume NOM | --since ENDROIT] [--send]
watch-about = Dire tout ce qui se passe, dès que ça arrive : pour des robots
watch-help-resume = Reprendre là où l'observateur de ce nom s'est arrêté
watch-help-since = Reprendre après cette stream_position d'une ligne précédente
watch-help-send = Envoyer aussi ce qui vient sur l'entrée standard : des lignes JSON avec « to » et « text »
watch-missed = Ce qui s'est passé depuis n'est plus gardé : relisez tout avec « sealpost inbox » ou « export ».
watch-connecting = Connexion en cours …

search-usage = sealpost search MOTS… [--in QUI] [--from QUI] [--limit NOMBRE]
search-about = Chercher dans tous les messages de cet appareil
search-help-words = Mots qui doivent tous être dans un message ; casse et accents sont égaux, des guillemets gardent les mots ensemble
search-help-in = Seulement dans la conversation avec ce contact ou ce groupe
search-help-from = Seulement ce qu'a écrit cette personne ; « me » pour vous-même
search-help-limit = Combien des résultats les plus récents sont montrés (sinon : 20)
search-looking = { $count } messages parcourus …
search-found =
    { $count ->
        [one] { $count } message.
       *[other] { $count } messages.
    }
search-found-more = Les { $count } plus récents, et { $more } plus anciens : --limit en montre plus.

export-usage = sealpost export [QUI] --to FICHIER|- [--text] [--force]
export-about = Écrire contacts, conversations et messages en clair dans un fichier
export-help-who = Seulement la conversation avec ce contact ou ce groupe
export-help-to = Le fichier, ou - pour la sortie standard
export-help-text = En texte pour des personnes au lieu de lignes JSON
export-help-force = Remplacer un fichier qui existe
export-writing = { $count } messages écrits …
export-done =
    { $count ->
        [one] { $count } message est dans { $file }.
       *[other] { $count } messages sont dans { $file }.
    }
export-warning = ! Ce fichier n'est pas chiffré : qui l'a lit tout. Gardez-le en lieu sûr et supprimez-le quand il ne sert plus.

privacy-usage = sealpost privacy [--reasons]
privacy-about = Montrer ce que votre relais stocke, qui l'exploite et où
privacy-help-reasons = Aussi où c'est stocké, pourquoi et sur quelle base légale
privacy-relay = Relais : { $relay }
privacy-operator = Exploité par : { $operator }
privacy-region = Ses données sont à : { $region }
privacy-unsaid = (l'exploitant ne le dit pas)
privacy-head = Ce qu'il dit stocker et journaliser (dans ses propres mots ; les messages mêmes, il ne peut les lire) :
privacy-column-what = Quoi
privacy-column-who = Qui peut le lire
privacy-column-kept = Combien de temps
privacy-more = --reasons montre pour chacun la raison et la base légale.

completions-usage = sealpost completions bash|zsh|fish
completions-about = Afficher ce qu'il faut à un shell pour compléter les commandes
completions-help-shell = bash, zsh ou fish

man-usage = sealpost man [COMMANDE…] [--to CHEMIN]
man-about = Afficher une page du manuel, ou les écrire toutes dans un dossier
man-help-command = La commande dont la page est affichée (sinon : celle de sealpost)
man-help-to = Le dossier où toutes les pages sont écrites
man-done =
    { $count ->
        [one] { $count } page est dans { $folder }.
       *[other] { $count } pages sont dans { $folder }.
    }
man-name = NOM
man-synopsis = SYNTAXE
man-description = PRÉSENTATION
man-extra = CODE DE RETOUR
man-version = NUMÉRO DE VERSION

inbox-usage = sealpost inbox [QUI] [--watch] [--wait SECONDES]
inbox-about = Chercher les messages et montrer les conversations, ou l'une d'elles
inbox-help-watch = Continuer à montrer ce qui arrive
inbox-help-wait = Combien de temps attendre le relais (sinon : 10)
inbox-unread =
    { $count ->
        [one] { $count } message non lu.
       *[other] { $count } messages non lus.
    }
inbox-watching = Attend des messages. Ctrl-C termine.

serve-usage = sealpost serve [--data CHEMIN] [--listen ADRESSE:PORT] [--private [--host HÔTE]]
serve-about = Démarrer un relais
serve-help-data = Le dossier de données du relais
serve-help-listen = Où il écoute (sinon : 127.0.0.1:8443)
serve-help-private = Chiffrer avec une autorité de certification à lui, créée dans le dossier de données
serve-help-host = Le nom ou l'adresse dans ce certificat
serve-help-certificate = La chaîne de certificats du relais, PEM
serve-help-key = La clé privée du certificat, PEM
serve-help-open = Laisser tout le monde s'inscrire, même sans numéro
serve-help-operator = Qui tient ce relais, à lire par ses utilisateurs
serve-help-region = Où sont ses données, à lire par ses utilisateurs
serve-listening = Le relais est à { $address }
serve-data = Ses données sont dans { $folder }
serve-register = S'y inscrire avec : sealpost register { $command } --phone NUMÉRO
serve-codes = Aucun service de SMS n'est réglé : les codes apparaissent ici.
serve-stop = Ctrl-C l'arrête.
serve-stopped = Le relais s'est arrêté.

## Plein écran

screen-usage = sealpost screen [QUI]
screen-about = Conversations et messages sur tout le terminal, au clavier
screen-help-who = Le contact ou le groupe à ouvrir aussitôt
screen-hint = Choisissez une conversation avec ↑ et ↓, ouvrez-la avec Entrée. F1 montre toutes les touches.
screen-hint-empty = Personne n'a encore écrit. Ctrl-N commence une conversation avec un contact ; « sealpost contacts add » ajoute une carte.
screen-too-small = Trop petit ici
screen-today = aujourd'hui
screen-yesterday = hier
screen-unread-below = nouveau
screen-answers-earlier = répond à un message plus ancien
screen-more-below = ↓ suite : Ctrl-Fin
screen-more-lines = ↓ suite
screen-draft = Brouillon
screen-mark-request = demande
screen-mark-invited = invitation
screen-mark-muted = muet
screen-invited = vous êtes invité
screen-request = { $name } veut vous écrire : F5 accepte, F6 bloque
screen-invitation = { $name } vous invite : F5 accepte, F6 refuse
screen-replying = Réponse à { $message } (Échap : non)
screen-editing = Modifier #{ $number } (Échap : non)
screen-keys-message = r répondre, + réagir, e modifier, d supprimer, Échap retour
screen-entry-full = Le texte est plein. Envoyez-le, et continuez dans un autre message.
screen-nothing-to-accept = Il n'y a rien à accepter ici.
screen-nothing-to-block = Un groupe ne se bloque pas : F4 le rend muet, /leave le quitte.
screen-ask-block = Bloquer { $name } ? Rien n'est annoncé ; ce qui est envoyé est jeté.
screen-ask-decline = Refuser l'invitation dans { $name } ?
screen-ask-delete = Supprimer #{ $number }, ici et chez les autres ? Ils l'ont peut-être lu.
screen-confirm-title = Certain ?
screen-confirm-keys = Entrée : oui    Échap : non
screen-react-title = Réaction à #{ $number }
screen-react-keys = Un chiffre la pose, 0 reprend la vôtre. D'autres : /react NUMÉRO EMOJI
screen-pick-title = Parler avec …
screen-pick-none = Pas encore de contact. « sealpost contacts add CARTE » ajoute le premier.
screen-pick-nobody = Personne ni aucun groupe ne s'appelle ainsi.
screen-search-here = Recherche chez { $name }
screen-search-all = Recherche partout
screen-search-keys = Entrée cherche, Tab passe de cette conversation à toutes.
screen-search-none = Rien trouvé.
screen-search-found =
    { $count ->
        [one] { $count } message. Entrée y va.
       *[other] { $count } messages. Entrée va au message choisi.
    }
screen-search-cut = Il y en a peut-être plus : seuls les plus récents ont été parcourus.
screen-muted = Muet : plus aucun signal.
screen-unmuted = N'est plus muet.
screen-online = connecté
screen-connecting = connexion
screen-offline = pas de connexion
screen-refused = connexion refusée
screen-suspended = suspendu par l'opérateur
screen-waiting =
    { $count ->
        [one] { $count } en attente
       *[other] { $count } en attente
    }
screen-help-key = F1 aide
screen-alarm-key = ALARME : autre clé de { $name }
screen-alarm-copied = ALARME : ce compte est une copie. Voir sealpost id
screen-alarm-retired = Cet ID a pris fin
screen-alarm-retires = Cet ID prend fin : { $time }. Voir sealpost id
screen-help-title = Touches (Échap ferme)
screen-help-everywhere = Partout | Tab : saisie, liste, messages | Alt-↑ Alt-↓ : conversation au-dessus, au-dessous | PgPréc PgSuiv : défiler, Ctrl-Fin : le plus récent | Ctrl-N : parler avec …, Ctrl-F : chercher | F2 : qui en fait partie, avec la confiance | F4 : muet ou non | F5 : accepter, F6 : bloquer ou refuser | Ctrl-L : redessiner, Ctrl-Z : vers le shell, Ctrl-C : finir (ce que vous écriviez est gardé)
screen-help-list = Dans la liste | ↑ ↓ Entrée : choisir, ouvrir | n : parler avec …, / : chercher partout, p : personnes | m : muet, a : accepter, b : bloquer, q : finir, ? : cette aide
screen-help-messages = Dans les messages (↑ depuis la saisie, ou Ctrl-↑) | ↑ ↓ : choisir, Fin : le plus récent | r ou Entrée : répondre, + : réagir | e : modifier, d : supprimer (les vôtres)
screen-help-entry = Dans la saisie | Entrée : envoyer, Alt-Entrée ou Ctrl-J : nouvelle ligne | Ctrl-← Ctrl-→ : par mots, Ctrl-A Ctrl-E : début, fin de la ligne | Ctrl-W Ctrl-U Ctrl-K : supprimer le mot, la ligne avant, après

## Questions posées

ask-name = Votre nom, comme les contacts le verront :
ask-delete = C'est irréversible : vos groupes sont quittés, et plus personne n'atteint { $id }. Entrez l'ID encore une fois pour supprimer le compte :
ask-code = Code du SMS :
ask-passphrase = Phrase secrète :
ask-new-passphrase = Nouvelle phrase secrète (au moins 8 caractères) :
ask-passphrase-again = Encore une fois :

## Messages échangés

you = Vous
message-answers = réponse à
message-edited = modifié
message-deleted = (supprimé)
message-unsupported = (pas connu de cette version ; gardé pour une plus récente)
message-unopened = (n'a pas pu être ouvert ; l'auteur a été prié de le renvoyer)
system-secured-anew = La conversation a été sécurisée à neuf.
system-key-alarm = ALARME : une autre clé a été montrée pour cet ID. Plus rien n'est envoyé.
system-peer-retired = Cet ID a pris fin. Ce qui n'a pas été remis peut partir au nouvel ID.
happened-created = { $by } a créé le groupe.
happened-created-by-you = Vous avez créé le groupe.
happened-joined = { $by } vous a ajouté au groupe.
happened-added = { $by } a ajouté { $member }.
happened-added-by-you = Vous avez ajouté { $member }.
happened-not-added = { $member } n'a pas pu être ajouté : le relais n'a servi aucune clé, ou la boîte n'a rien pris.
happened-removed = { $by } a retiré { $member }.
happened-removed-by-you = Vous avez retiré { $member }, qui ne lit rien de ce qui est envoyé désormais.
happened-removed-you = { $by } vous a retiré. Ce qui a été dit jusqu'ici reste ici.
happened-left = { $member } a quitté le groupe.
happened-left-you = Vous avez quitté le groupe. Ce qui a été dit jusqu'ici reste ici.
happened-came-back = { $member } avait perdu les clés du groupe et a été ajouté à neuf.
happened-renamed = { $by } a nommé le groupe « { $name } ».
happened-renamed-by-you = Vous avez nommé le groupe « { $name } ».
happened-became-admin = { $by } a fait de { $member } un admin.
happened-became-admin-by-you = Vous avez fait de { $member } un admin.
happened-became-admin-you = Vous êtes maintenant admin du groupe.
happened-stopped-being-admin = { $by } a repris à { $member } les droits d'admin.
happened-stopped-being-admin-by-you = Vous avez repris à { $member } les droits d'admin.
happened-stopped-being-admin-you = Vous n'êtes plus admin du groupe.
happened-policy-changed = { $by } a changé ce que peuvent les membres.
happened-policy-changed-by-you = Vous avez changé ce que peuvent les membres.
happened-created-anew = { $by } a recréé le groupe.
happened-created-anew-by-you = Vous avez recréé le groupe.
happened-torn = Cet appareil ne peut plus suivre le groupe, et a demandé à être ajouté à neuf.
happened-gave-up = Personne n'a ajouté cet appareil à neuf depuis une semaine : il ne fait plus partie du groupe. Demandez à un membre de vous ajouter.
happened-could-not-follow = { $by } ne peut pas suivre un changement fait par { $member }, et a demandé à être ajouté à neuf.
happened-could-not-follow-you = { $by } ne peut pas suivre un changement que vous avez fait, et a demandé à être ajouté à neuf.
happened-back-again = Cet appareil a été ajouté à neuf : ce qui a été dit entre-temps peut manquer.
happened-key-alarm = ALARME : { $member } est dans le groupe avec une autre clé que celle connue. Rien n'est envoyé avant le retrait de { $member }. Rencontrez-vous et comparez les empreintes.
happened-retired = L'ID de { $member } a pris fin : plus rien n'y arrive.
conversation-empty = (aucun message)
conversation-unread =
    { $count ->
        [one] { $count } non lu
       *[other] { $count } non lus
    }
state-received = reçu
state-waiting = en attente
state-sending = en route
state-sent = envoyé
state-sent-but = envoyé, pas encore à { $count } sur { $others }
state-delivered = remis
state-read = lu
failed-needs-new-card = arrêté : demandez une nouvelle carte
failed-key-alarm = arrêté : autre clé
failed-too-old-version = arrêté : mettez Sealpost à jour
failed-mailbox-full = boîte pleine, nouvel essai prévu
failed-retired = arrêté : cet ID a pris fin
failed-blocked = arrêté : bloqué
failed-no-downgrade = arrêté : une clé forte promise manque
failed-refused = refusé
failed-not-a-member = arrêté : plus membre du groupe

## Erreurs : ce qui s'est passé, ce qui a été gardé, que faire

error-no-account = Il n'y a pas de compte à cet endroit, et rien n'a changé. « sealpost init » en crée un ; --account en nomme un autre.
error-account-exists = Il y a déjà un compte à cet endroit ; il n'a pas été touché. --account NOM en crée un autre.
error-in-use = Un autre programme utilise ce compte. Rien n'a changé. Terminez-le, ou attendez sa fin.
error-wrong-key = La clé du trousseau n'ouvre pas ce compte. Le compte n'a pas été touché. Est-ce le bon trousseau, et le bon dossier ?
error-wrong-passphrase = Cette phrase secrète est fausse. Rien n'a changé. Essayez encore.
error-vault-unavailable = Le trousseau n'est pas utilisable ({ $detail }). Rien n'a changé. Ouvrez-le, ou créez un compte avec --vault passphrase.
error-damaged = Les fichiers du compte sont abîmés ({ $detail }). Ils sont restés tels quels ; copiez le dossier avant d'essayer autre chose.
error-newer-version = Une version plus récente de Sealpost a écrit ce compte. Il n'a pas été touché. Mettez Sealpost à jour.
error-disk-full = Le disque est plein. Le dernier pas n'a pas été fait ; tout ce qui précède est gardé. Faites de la place et essayez encore.
error-read-only = Les fichiers du compte ne peuvent pas être écrits ({ $detail }). Rien n'a changé. Vérifiez les droits du dossier.
error-not-registered = Ce compte n'est pas encore inscrit ; il est gardé sur cet appareil. Ensuite : sealpost register
error-already-registered = Ce compte est déjà inscrit ; rien n'a changé. « sealpost id » montre où.
error-copied-device = Ce dossier est une copie, ou a été restauré : le relais a vu une session plus récente. Ce qui est gardé ici reste lisible. Continuez avec l'original. Ou, si celui-ci doit être le seul : « sealpost id start-over ».
error-retired = Cet ID a pris fin, car son numéro a été inscrit de nouveau ou le compte supprimé. Ce qui est gardé ici reste lisible. Créez un compte avec « sealpost init ».
error-presence-denied = Votre présence n'a pas été confirmée, donc rien n'a été montré. Essayez encore.
error-invalid-number = Ce n'est pas un numéro sous forme internationale, comme +4917604069001. Rien n'a été envoyé.
error-invalid-id = Ce n'est pas un ID : il a 8 chiffres et lettres. Rien n'a changé.
error-invalid-card = Cette carte n'est pas utilisable ({ $reason }). Aucun contact n'a été ajouté. Redemandez la carte.
error-invalid-invitation = Cette invitation n'est pas utilisable ({ $reason }). Rien n'a été envoyé. Demandez-en une nouvelle.
error-invalid-relay = Ce n'est pas une adresse de relais utilisable ({ $reason }). Rien n'a été envoyé. Vérifiez comment elle s'écrit.
error-other-relay = Cette carte est d'un autre relais. Aucun contact n'a été ajouté. Les deux ont besoin d'un compte au même relais.
error-own-card = C'est votre propre carte. Aucun contact n'a été ajouté. Demandez la sienne à l'autre.
error-key-changed = ALARME : cette carte montre une autre clé que celle connue pour cet ID. Rien n'a changé. N'allez pas plus loin ; rencontrez la personne et comparez les empreintes.
error-empty = Il n'y a rien à envoyer.
error-too-long = C'est trop long : { $limit } octets au plus. Rien n'a été envoyé. Partagez-le.
error-unknown-contact = Ce contact n'existe pas. Rien n'a changé. « sealpost contacts » les montre tous.
error-unknown-conversation = Cette conversation n'existe pas. Rien n'a changé.
error-unknown-message = Ce message n'existe pas. Rien n'a changé. Le numéro est devant chaque message.
error-not-yours = Seul son auteur le peut. Rien n'a changé.
error-blocked = Ce contact est bloqué, donc rien n'est envoyé. « sealpost contacts unblock » le débloque.
error-not-a-group = Cette conversation n'est pas un groupe. Rien n'a changé. « sealpost groups » montre tous les groupes.
error-not-a-member = Seuls les membres du groupe le peuvent, et seulement avec des membres. Rien n'a changé. « sealpost groups show » montre qui en est ; un membre peut vous ajouter de nouveau.
error-not-admin = Seuls les admins du groupe le peuvent. Rien n'a changé. « sealpost groups show » les montre.
error-last-admin = Un groupe a besoin d'un admin, et c'est le seul. Rien n'a changé. Faites d'abord de quelqu'un d'autre un admin : sealpost groups admin
error-too-many =
    { $limit ->
        [one] Trop : { $limit } au plus. Rien n'a changé. Retirez-en d'abord.
       *[other] Trop : { $limit } au plus. Rien n'a changé. Retirez-en d'abord, ou créez un second groupe.
    }
error-unreachable = Le relais ne répond pas ({ $detail }). Tout est gardé sur cet appareil. Vérifiez l'adresse et le réseau, et essayez encore.
error-certificate-refused = Le certificat du relais n'est pas digne de confiance ({ $detail }). Rien n'a été envoyé. Si le relais a sa propre autorité, demandez le --pin à qui le tient.
error-stopped = Arrêté. Ce qui était fait avant est gardé.
error-code-wrong =
    { $tries ->
        [one] Le code est faux. Essais restants : { $tries }. Sans essai restant, relancez la commande pour un nouveau code.
       *[other] Le code est faux. Il reste { $tries } essais.
    }
error-code-expired = Le code a expiré ou a servi. Le compte est gardé. Relancez la commande pour en recevoir un nouveau.
error-country-not-allowed = Ce relais n'envoie pas de codes vers ce pays. Rien n'a été envoyé. Qui le tient peut le permettre, ou vous inviter.
error-sms-failed = Le relais n'a pas pu envoyer le SMS. Le compte est gardé. Essayez encore dans quelques minutes.
error-invitation-refused = Cette invitation est inconnue, utilisée ou expirée. Le compte est gardé. Demandez-en une nouvelle.
error-registration-closed = Ce relais ne prend pas de nouveaux comptes de cette façon. Le compte est gardé. Demandez à qui le tient quelle voie est ouverte.
error-too-many-requests =
    { $seconds ->
        [one] Trop souvent. Rien n'est perdu ; essayez encore dans { $seconds } seconde.
       *[other] Trop souvent. Rien n'est perdu ; essayez encore dans { $seconds } secondes.
    }
error-too-old-version = Le relais n'accepte plus cette version. Tout est gardé et partira après la mise à jour. Mettez Sealpost à jour.
error-account-suspended = L'opérateur du relais a suspendu ce compte. Tout est gardé et continue quand il le rétablit. Contactez-le : sealpost privacy indique qui il est.
error-refused = Le relais a refusé ({ $code } : { $detail }). Tout est gardé sur cet appareil.
error-internal = Une erreur interne s'est produite ({ $detail }). Ce qui était gardé avant le reste. Merci de la signaler.
error-waiting = Pas encore de connexion : le message attend dans la boîte d'envoi et partira avec la prochaine. Rien n'est perdu.
error-change-waiting = Pas encore fait : le changement attend dans la boîte d'envoi et se fera avec la prochaine connexion. Rien n'est perdu.
error-not-added = Pas ajouté : { $names }. Les autres sont dans le groupe. Demandez une nouvelle carte, ou essayez encore après leur prochaine connexion.
error-not-connected = Le relais n'a pas été joint à temps. Tout est gardé sur cet appareil. Essayez plus tard.
error-displaced = Un autre programme s'est connecté avec ce compte et a pris la suite. Rien n'est perdu. Continuez là-bas.
error-not-confirmed = L'ID n'a pas été entré ; rien n'a été supprimé. Là où personne ne peut répondre : --yes.
error-account-refused = Le relais refuse ce compte. Tout est gardé sur cet appareil. « sealpost id » montre pourquoi.
error-needs-new-card = Le contact n'accepte plus de messages avec cette carte. Le message est gardé, et partira dès que vous ajoutez sa nouvelle carte.
error-key-alarm = ALARME : le relais a montré une autre clé pour ce contact. Le message est gardé et n'est pas parti. Rencontrez la personne et comparez les empreintes.
error-mailbox-full = La boîte du contact est pleine. Le message est gardé et sera essayé de nouveau.
error-contact-retired = L'ID de ce contact a pris fin. Le message est gardé et n'est pas parti. Demandez à la personne une carte avec le nouvel ID.
error-no-downgrade = Une clé post-quantique promise pour ce contact manque. Le message est gardé et n'est pas parti avec une plus faible. Que le contact se connecte une fois, ou demandez une nouvelle carte.
error-message-refused = Le relais refuse ce message pour de bon. Il reste dans la conversation. Essayez plus court, ou demandez à qui tient le relais.
error-account-name = Un compte ne peut pas s'appeler ainsi. Prenez des lettres et des chiffres, ou un chemin avec une barre oblique.
error-no-home = Il n'y a pas de dossier personnel où garder le compte. Définissez SEALPOST_HOME, ou donnez un chemin à --account.
error-passphrase-missing = La phrase secrète manque et personne ne peut être interrogé. Rien n'a changé. Pour des scripts, définissez SEALPOST_PASSPHRASE.
error-passphrase-file = La phrase secrète ne peut être lue dans { $file } ({ $detail }). Rien n'a changé. Vérifiez le fichier et ses droits.
error-no-words = Il n'y a rien à chercher. Donnez au moins un mot.
error-no-files-yet = Les fichiers ne peuvent pas encore être envoyés ; rien n'a été envoyé. Envoyez un texte pour l'instant.
error-order-unclear = Ce n'est pas un ordre : une ligne a « text » et soit « to », soit « conversation ». Rien n'a été envoyé.
error-output-closed = La sortie ne peut plus être écrite ({ $detail }). Ce qui n'a pas été écrit sera redit la prochaine fois.
error-export-exists = { $file } existe déjà ; il n'a pas été touché. Donnez un autre nom, ou --force pour le remplacer.
error-export-unwritable = { $file } ne peut être écrit ({ $detail }). Il n'en reste rien. Faites de la place ou choisissez un autre endroit, puis réessayez.
error-no-manual = Il n'y a pas de page pour « { $command } ». « sealpost --help » donne la liste des commandes.
error-manual-unwritable = Les pages ne peuvent être écrites dans { $folder } ({ $detail }). Choisissez un autre dossier, ou rendez celui-ci accessible.
error-passphrase-short = La phrase secrète est trop courte : au moins 8 caractères. Rien n'a été créé.
error-passphrase-differs = Les deux phrases secrètes diffèrent. Rien n'a été créé. Essayez encore.
error-code-missing = Le code manque. Il est en route par SMS ; relancez la commande avec --code CODE.
error-invalid-pin = Un pin a 64 chiffres hexadécimaux. Rien n'a été envoyé. Qui tient le relais vous le donne.
error-ambiguous-name = Plus d'un contact s'appelle « { $name } ». Rien n'a changé. Prenez l'ID ; « sealpost contacts » le montre.
error-ambiguous-group = Plus d'un groupe s'appelle « { $name } », ou commence ainsi. Rien n'a changé. Prenez plus de l'ID ; « sealpost groups » le montre.
error-ambiguous-member = Plus d'un membre s'appelle « { $name } ». Rien n'a changé. Prenez l'ID ; « sealpost groups show » le montre.
error-contact-or-group = « { $name } » est un contact ({ $contact }) et un groupe ({ $group }). Rien n'a changé. Prenez l'ID de celui que vous voulez.
error-unknown-person = Aucun contact n'a l'ID ou le nom « { $name } ». Rien n'a changé. « sealpost contacts » les montre tous.
error-unknown-group = Aucun groupe n'a le nom « { $name } », ou un ID qui commence ainsi. Rien n'a changé. « sealpost groups » les montre tous.
error-unknown-member = Aucun membre n'a l'ID ou le nom « { $name } ». Rien n'a changé. « sealpost groups show » montre qui est dans le groupe.
error-unknown-conversation-name = Aucun contact et aucun groupe n'a l'ID ou le nom « { $name } ». Rien n'a changé. « sealpost contacts » et « sealpost groups » les montrent tous.
error-card-too-large = La carte ne tient pas dans un code QR. Prenez le lien.
error-chat-command = « { $entry } » n'est pas une commande ici et n'a pas été envoyé. /help les montre.
error-needs-terminal = Le plein écran demande un terminal. Rien n'a été fait. Les scripts prennent « sealpost send » et « sealpost inbox --json ».
error-terminal-unusable = Le terminal n'est pas utilisable ({ $detail }). Ce qui est envoyé et écrit est gardé. « sealpost chat » en demande moins.
error-input-unreadable = L'entrée n'est pas lisible ({ $detail }). Rien n'a été envoyé.
error-listen-address = « { $address } » n'est pas une adresse où écouter, comme 127.0.0.1:8443.
error-relay-failed = Le relais ne peut pas tourner ({ $detail }). Ses données sont restées telles quelles.
error-demo-failed = La démonstration n'est pas allée au bout ({ $detail }). Son dossier temporaire a été retiré.
error-demo-removed-reads = La personne retirée du groupe ({ $name }) en fait encore partie. Cela ne doit pas être ; merci de le signaler.
error-demo-readable =
    { $hits ->
        [one] La recherche a trouvé { $hits } endroit lisible au relais. Cela ne doit pas être ; merci de le signaler.
       *[other] La recherche a trouvé { $hits } endroits lisibles au relais. Cela ne doit pas être ; merci de le signaler.
    }

## Démonstration

demo-usage = sealpost demo
demo-about = Regarder trois personnes et un relais, sur cette machine, en moins d'une minute
demo-title = Sealpost : trois personnes, un relais, et ce qu'il ne peut pas lire
demo-folder = Tout se passe sur cette machine, dans { $folder } ; tout est retiré à la fin.
demo-step-relay = Un relais démarre
demo-relay-runs = Il écoute à { $address }, un vrai processus avec son dossier de données.
demo-relay-pin = Il a sa propre autorité de certification ; les appareils n'en croient pas d'autre ({ $pin }…).
demo-step-register = Deux personnes s'inscrivent avec leur numéro de téléphone
demo-registered = { $name }, { $number } : code { $code } par SMS, ID { $id } né sur l'appareil
demo-step-cards = Elles échangent leurs cartes de contact
demo-card = { $name } ⇒ { $other } : { $card }…
demo-step-talk = Elles parlent
demo-text-hello = Bonjour ! Cette phrase est scellée sur mon appareil.
demo-text-answer = Et ouverte sur le mien. Le relais n'en a vu aucune.
demo-state-sent = ✓ envoyé
demo-state-waiting = … attend sur l'appareil
demo-state-killed = … gardé sur l'appareil
demo-reads = { $name } lit : { $text }
demo-step-cut = Le réseau est coupé, et un programme est tué
demo-network-cut = Plus de connexion au relais.
demo-text-offline = Écrit sans réseau, dans le train.
demo-text-killed = Écrit juste avant la panne de courant.
demo-client-killed = Le programme de { $name } (processus { $process }) a été arrêté par kill -9 en plein travail.
demo-step-back = Le réseau revient, et le relais est tué
demo-network-back = La connexion est revenue.
demo-outbox-left = L'appareil de { $name } redémarre, et ce qui attendait part.
demo-relay-killed = Le relais (processus { $process }) a été arrêté par kill -9 avant que personne ne cherche, puis redémarré.
demo-all-once = Tout est arrivé : chaque message une fois, dans l'ordre.
demo-step-third = Une troisième personne arrive
demo-step-group = Elles fondent un groupe
demo-group-name = Chorale du canal
demo-group-made = « { $name } » : { $people }
demo-group-joined = { $name } a reçu l'invitation d'un contact, et en fait partie.
demo-text-group-one = Bienvenue à nous trois !
demo-text-group-two = On chante jeudi ?
demo-text-group-three = Jeudi me va bien.
demo-group-heard = Chaque message a été scellé une fois et ouvert par deux. { $name } et { $other } n'ont jamais échangé de carte.
demo-step-removed = L'une d'elles est retirée
demo-removed = { $other } retire { $name } : le groupe a de nouvelles clés.
demo-text-removed = La surprise, c'est vendredi.
demo-text-removed-answer = Pas un mot à qui que ce soit !
demo-removed-mailbox = La boîte de { $name } a été interrogée : envois qui y attendent : { $count }, la nouvelle du retrait, et aucun de ces deux messages.
demo-removed-device = L'appareil de { $name } a été interrogé : il a cherché ce qui attend, montre { $texts } messages, aucun de ces deux, et ne peut plus rien envoyer.
demo-step-look = Ce que tient le relais
demo-text-waiting = Celui-ci attend au relais pendant que nous le fouillons.
demo-waits-there = { $name } est hors ligne, donc le message attend au relais. Voici ses lignes :
demo-row-account = ID, clés publiques, une empreinte de chaque numéro
demo-row-code = codes du jour, en empreintes
demo-row-codes-a-day = combien de codes sont partis ce jour
demo-row-delivered = empreintes qui reconnaissent une répétition
demo-row-key-package = clés publiques pour ouvrir une conversation
demo-row-mailbox = combien attend pour qui
demo-row-message = quel envoi scellé attend dans quelle boîte
demo-row-payload = octets scellés et complétés
demo-row-relay = quand le relais a été restauré pour la dernière fois
demo-row-slot = changements de clés scellés, sous des noms tirés au sort
demo-row-token = empreintes des jetons qui laissent écrire les contacts
demo-tables-empty =
    { $count ->
        [one] (et { $count } table vide)
       *[other] (et { $count } tables vides)
    }
demo-step-search = Une recherche de tout ce qui a été dit
demo-text-control = Cette phrase a été cachée.
demo-control-found = D'abord un essai : « { $text } » a été caché dans son dossier, et trouvé (1 occurrence).
demo-searched = Puis chaque message, nom et numéro : { $needles } textes, en 10 écritures, dans { $files } fichiers ({ $size } Kio).
demo-hits =
    { $count ->
        [one] { $count } occurrence ({ $count } hits)
       *[other] { $count } occurrences ({ $count } hits)
    }
demo-step-last = Et le message qui attendait
demo-done =
    { $seconds ->
        [one] Terminé en { $seconds } seconde.
       *[other] Terminé en { $seconds } secondes.
    }
demo-by-hand = La même chose à la main, dans trois terminaux (« sealpost » est target/debug/sealpost) :
demo-by-hand-note = CARD est le lien que montre le terminal 2 ; le code de chaque SMS apparaît dans le terminal 1.
