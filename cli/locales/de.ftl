### Die Texte des Terminals, auf Deutsch.
### Nur einfache Nachrichten, Variablen und Pluralformen: Daraus entstehen die Texte anderer Plattformen.

## Hilfe

about = Sealpost: versiegelte Nachrichten, im Terminal.
usage = sealpost [--account NAME] BEFEHL
after-help = Rückgabewerte: 0 erledigt, 1 gescheitert, 2 falsche Angaben, 3 wartet im Ausgang (nichts ist verloren), 4 braucht dich, 5 Problem mit dem Ordner des Kontos, 6 Relay nicht erreicht.
heading-usage = Aufruf
heading-commands = Befehle
heading-options = Optionen
heading-arguments = Angaben
heading-global = Optionen jedes Befehls
value-command = BEFEHL
value-account = NAME|PFAD
value-language = SPRACHE
value-name = NAME
value-vault = TRESOR
value-address = ADRESSE
value-pin = HEX
value-number = NUMMER
value-code = CODE
value-text = TEXT
value-who = WER
value-card = KARTE
value-seconds = SEKUNDEN
value-switch = on|off
value-group = GRUPPE
value-folder = PFAD
value-listen = ADRESSE:PORT
value-host = RECHNER
value-file = DATEI
value-position = STELLE
value-words = WÖRTER
value-count = ANZAHL
value-target = DATEI oder -
value-shell = KOMMANDOZEILE
help-account = Welches Konto: ein Name oder der Pfad seines Ordners (sonst: das Konto „default“)
help-passphrase-file = Die Passphrase aus der ersten Zeile dieser Datei lesen
help-json = Ein JSON-Objekt je Zeile statt Text
help-lang = Sprache: en, de oder fr (sonst: die der Umgebung)
help-help = Diese Hilfe zeigen
help-version = Die Version zeigen
help-who = ID oder Name eines Kontakts
help-whom = ID oder Name eines Kontakts oder einer Gruppe
help-group = Name einer Gruppe, oder der Anfang ihrer ID

## Falsche Angaben

refusal-unknown = „{ $argument }“ gibt es hier nicht.
refusal-missing = Es fehlt: { $argument }
refusal-no-command = Es fehlt ein Befehl.
refusal-conflict = „{ $argument }“ passt nicht zu den anderen Angaben.
refusal-value = „{ $value }“ passt nicht zu { $argument }.
refusal-other = Das ist nicht zu verstehen: { $argument }
refusal-help = „sealpost --help“ und „sealpost BEFEHL --help“ zeigen die Schreibweise.

## Befehle

init-usage = sealpost init [--name NAME] [--vault keyring|passphrase]
init-about = Ein Konto auf diesem Gerät anlegen
init-help-name = Der Name, den Kontakte sehen
init-help-vault = Wo der Schlüssel liegt: keyring (Schlüsselbund) oder passphrase (sonst: der Schlüsselbund, wenn einer antwortet)
init-done = Deine ID ist { $id }. Ihre Schlüssel sind auf diesem Gerät entstanden und bleiben hier.
init-keyring = Das Konto liegt in { $folder }. Seinen Schlüssel hält der Schlüsselbund.
init-passphrase = Das Konto liegt in { $folder }. Deine Passphrase verschließt es: Niemand kann sie dir ersetzen.
init-next = Weiter mit: sealpost register

register-usage = sealpost register --relay ADRESSE [--pin HEX] (--phone NUMMER | --open), oder --invitation TEXT
register-about = Sich bei einem Relay registrieren
register-help-relay = Die Adresse des Relays, etwa https://relay.example
register-help-pin = Fingerabdruck (SHA-256) der eigenen Zertifizierungsstelle des Relays
register-help-phone = Deine Telefonnummer, in internationaler Form
register-help-code = Der Code aus der SMS, wenn du ihn schon hast
register-help-invitation = Eine Einladung; sie nennt das Relay
register-help-open = Ohne Nummer und Einladung, wo das Relay es erlaubt
register-relay = Dieses Relay betreibt: { $operator } ({ $region })
register-code-sent =
    { $minutes ->
        [one] Ein Code ist als SMS unterwegs. Er gilt eine Minute.
       *[other] Ein Code ist als SMS unterwegs. Er gilt { $minutes } Minuten.
    }
register-done = Registriert: { $id } bei { $relay }
register-number-kept = Das Relay hat deine Nummer nicht behalten, nur einen Hashwert davon mit geheimem Schlüssel.
register-next = Weiter: „sealpost card“ zeigt deine Kontaktkarte, „sealpost contacts add“ nimmt die von anderen auf.

id-usage = sealpost id [delete | keep | name NAME | read-receipts on|off | start-over]
id-about = Das eigene Profil zeigen oder ändern
id-delete-usage = sealpost id delete [--yes]
id-delete-about = Das Konto beim Relay endgültig löschen; was hier gespeichert ist, bleibt lesbar
id-help-yes = nicht nachfragen
id-keep-usage = sealpost id keep
id-keep-about = Diese ID behalten, obwohl ihre Nummer neu registriert wurde
id-name-usage = sealpost id name NAME
id-name-about = Den Namen ändern, den Kontakte sehen
id-read-receipts-usage = sealpost id read-receipts on|off
id-read-receipts-about = Absendern sagen, dass du ihre Nachrichten gelesen hast, oder nicht
id-start-over-usage = sealpost id start-over
id-start-over-about = Mit diesem Gerät weitermachen, das als Kopie galt: Jedes andere wird dann abgewiesen
id-help-switch = on (ein) oder off (aus)
id-name = Dein Name: { $name }
id-id = Deine ID: { $id }
id-fingerprint = Fingerabdruck: { $fingerprint }
id-relay = Dein Relay: { $relay }
id-unregistered = Noch nicht registriert: sealpost register
id-number-linked = Telefonnummer: verknüpft (das Relay kennt nur einen Hashwert davon)
id-number-none = Telefonnummer: keine
id-receipts-on = Lesebestätigungen: ein
id-receipts-off = Lesebestätigungen: aus
id-retires = Achtung: Die Nummer dieser ID wurde neu registriert. Die ID endet am { $time }, außer du sagst: sealpost id keep
id-deleted = Das Konto { $id } ist beim Relay gelöscht, mit allem, was darauf wartete; die ID wird nie wieder vergeben. Was hier gespeichert ist, bleibt lesbar und lässt sich exportieren: „sealpost export“. Wenn du es nicht mehr brauchst, lösche den Ordner des Kontos.

card-usage = sealpost card [--qr]
card-about = Die eigene Kontaktkarte zeigen
card-help-qr = Zusätzlich einen QR-Code zeichnen
card-nobody-asked = Hinweis: Niemand wurde um Bestätigung gebeten, da der Schlüsselbund offen ist.
card-next = Wer diese Karte hat, kann dir schreiben. Andere nehmen sie auf mit: sealpost contacts add KARTE

contacts-usage = sealpost contacts [add KARTE | rename WER NAME | accept WER | block WER | unblock WER | send-again WER AN]
contacts-about = Kontakte zeigen oder ändern
contacts-add-usage = sealpost contacts add KARTE [--name NAME]
contacts-add-about = Einen Kontakt durch seine Karte aufnehmen
contacts-rename-usage = sealpost contacts rename WER NAME
contacts-rename-about = Einen Kontakt anders nennen
contacts-accept-usage = sealpost contacts accept WER
contacts-accept-about = Jemanden annehmen, der zuerst geschrieben hat
contacts-block-usage = sealpost contacts block WER
contacts-block-about = Einen Kontakt sperren; er erfährt es nicht
contacts-unblock-usage = sealpost contacts unblock WER
contacts-unblock-about = Eine Sperre aufheben
contacts-send-again-usage = sealpost contacts send-again WER AN
contacts-send-again-about = An die neue ID einer Person senden, was die alte nicht bekam
contacts-sent-again =
    { $count ->
        [one] Eine Nachricht wird noch einmal gesendet.
       *[other] { $count } Nachrichten werden noch einmal gesendet.
    }
contacts-still-waiting = Noch ans Relay zu schicken: { $count } …
contacts-help-card = Der Link der Karte, oder - für die Standardeingabe
contacts-help-name = Der Name des Kontakts auf diesem Gerät
contacts-none = Noch keine Kontakte. „sealpost contacts add KARTE“ nimmt den ersten auf.
contacts-added = Vergleicht beim nächsten Treffen den Fingerabdruck: { $fingerprint }
contact-request = möchte dir schreiben
contact-blocked = gesperrt
contact-needs-new-card = bitte um eine neue Karte
contact-retired = diese ID ist beendet
trust-unverified = nicht überprüft
trust-known = bekannt
trust-scanned = persönlich überprüft
trust-alarm = ALARM, anderer Schlüssel
change-waits = Keine Verbindung: Die Änderung bleibt hier und erreicht das Relay mit der nächsten.

groups-usage = sealpost groups [create NAME WER… | show GRUPPE | add GRUPPE WER… | remove GRUPPE WER… | rename GRUPPE NAME | admin GRUPPE WER | policy GRUPPE | accept GRUPPE | leave GRUPPE | recreate GRUPPE]
groups-about = Gruppen zeigen oder ändern
groups-create-usage = sealpost groups create NAME WER…
groups-create-about = Eine Gruppe mit Kontakten gründen; du bist Admin
groups-show-usage = sealpost groups show GRUPPE
groups-show-about = Zeigen, wer in einer Gruppe ist
groups-add-usage = sealpost groups add GRUPPE WER…
groups-add-about = Kontakte dazunehmen
groups-remove-usage = sealpost groups remove GRUPPE WER…
groups-remove-about = Mitglieder entfernen: Sie lesen nichts, was danach gesendet wird
groups-rename-usage = sealpost groups rename GRUPPE NAME
groups-rename-about = Eine Gruppe umbenennen, für alle ihre Mitglieder
groups-admin-usage = sealpost groups admin GRUPPE WER [--revoke]
groups-admin-about = Ein Mitglied zum Admin machen, oder wieder zum Mitglied wie die anderen
groups-policy-usage = sealpost groups policy GRUPPE [--members-add on|off] [--members-rename on|off]
groups-policy-about = Sagen, was Mitglieder dürfen, die keine Admins sind
groups-accept-usage = sealpost groups accept GRUPPE
groups-accept-about = Die Einladung in eine Gruppe annehmen
groups-leave-usage = sealpost groups leave GRUPPE
groups-leave-about = Eine Gruppe verlassen oder eine Einladung ablehnen; was gesagt wurde, bleibt hier
groups-recreate-usage = sealpost groups recreate GRUPPE [--without WER…]
groups-recreate-about = Eine Gruppe neu gründen, wo sie sich anders nicht mehr heilen lässt
groups-help-name = Der Name der Gruppe, den alle ihre Mitglieder sehen
groups-help-revoke = Die Rechte als Admin wieder nehmen
groups-help-members-add = Ob jedes Mitglied andere dazunehmen darf
groups-help-members-rename = Ob jedes Mitglied die Gruppe umbenennen darf
groups-help-without = Mitglieder, die in der neuen nicht dabei sein sollen
groups-none = Noch keine Gruppen. „sealpost groups create NAME WER…“ gründet die erste.
groups-on-its-way = Unterwegs zum Relay …
group-members =
    { $count ->
        [one] Gruppe mit einem Mitglied
       *[other] Gruppe mit { $count } Mitgliedern
    }
group-you-admin = du bist Admin
group-member = du bist Mitglied
group-invited = { $name } lädt dich ein: „sealpost groups accept“ oder „leave“
group-leaving = du gehst gerade
group-left-it = du bist gegangen
group-removed-from = du wurdest entfernt
group-members-add = Jedes Mitglied darf andere dazunehmen.
group-admins-add = Nur Admins dürfen andere dazunehmen.
group-members-rename = Jedes Mitglied darf die Gruppe umbenennen.
group-admins-rename = Nur Admins dürfen die Gruppe umbenennen.
member-admin = Admin
member-no-contact = nicht unter deinen Kontakten

send-usage = sealpost send WER TEXT… [--also WER]… [--wait SEKUNDEN]
send-about = Eine Nachricht senden
send-help-text = Der Text, oder - für die Standardeingabe
send-help-wait = Wie lange auf das Relay gewartet wird (sonst: 15)
send-help-also = Auch an diesen Kontakt oder diese Gruppe senden; mehrmals möglich
send-help-file = Eine Datei senden: noch nicht
send-not-to = Noch nicht an { $name }:
account-in-use = Ein anderes Programm benutzt dieses Konto; es wird gewartet …
passphrase-file-open = Andere auf diesem Rechner können { $file } lesen: „chmod 600“ behält sie dir vor.
passphrase-file-empty = die erste Zeile ist leer
send-done = An { $name }: { $state }

chat-usage = sealpost chat WER
chat-about = Mit einem Kontakt oder in einer Gruppe reden, live
chat-start = Unterhaltung mit { $name }. Was du eingibst, wird gesendet; /help zeigt die Befehle, /quit beendet.
chat-help = /reply NUMMER TEXT (antworten), /edit [#NUMMER] TEXT (ändern), /delete [NUMMER] (löschen), /react NUMMER EMOJI (ohne Emoji: zurücknehmen), /typing, /quit. Die Nummer steht vor jeder Nachricht. Eine Nachricht, die mit Schrägstrich beginnt, wird mit zweien eingegeben.
chat-help-group = In einer Gruppe auch: /members (Mitglieder), /add WER (dazunehmen), /remove WER (entfernen), /rename NAME (umbenennen), /admin WER, /accept (Einladung annehmen), /leave (verlassen).
chat-typing = { $name } schreibt …
chat-online = Verbunden.
chat-offline = Keine Verbindung. Was du schreibst, wartet hier und wird später gesendet.

watch-usage = sealpost watch [--resume NAME | --since STELLE] [--send]
watch-about = Alles erzählen, was geschieht, sobald es kommt: für Bots
watch-help-resume = Dort weitermachen, wo der Beobachter dieses Namens aufgehört hat
watch-help-since = Hinter dieser stream_position einer früheren Zeile weitermachen
watch-help-send = Auch senden, was auf der Standardeingabe kommt: JSON-Zeilen mit "to" und "text"
watch-missed = Was seitdem geschah, ist nicht mehr vorhanden: lies alles neu, mit „sealpost inbox“ oder „export“.
watch-connecting = Verbindung wird aufgebaut …

search-usage = sealpost search WÖRTER… [--in WER] [--from WER] [--limit ANZAHL]
search-about = Alle Nachrichten auf diesem Gerät durchsuchen
search-help-words = Wörter, die alle in einer Nachricht stehen müssen; Groß und Klein und Akzente sind gleich, Anführungszeichen halten Wörter zusammen
search-help-in = Nur in der Unterhaltung mit diesem Kontakt oder dieser Gruppe
search-help-from = Nur was diese Person schrieb; „me“ für dich selbst
search-help-limit = Wie viele der neuesten Treffer gezeigt werden (sonst: 20)
search-looking = { $count } Nachrichten durchsucht …
search-found =
    { $count ->
        [one] Eine Nachricht.
       *[other] { $count } Nachrichten.
    }
search-found-more = Die neuesten { $count }, dazu { $more } ältere: --limit zeigt mehr.

export-usage = sealpost export [WER] --to DATEI|- [--text] [--force]
export-about = Kontakte, Unterhaltungen und Nachrichten unverschlüsselt in eine Datei schreiben
export-help-who = Nur die Unterhaltung mit diesem Kontakt oder dieser Gruppe
export-help-to = Die Datei, oder - für die Standardausgabe
export-help-text = Als Text für Menschen statt in JSON-Zeilen
export-help-force = Eine vorhandene Datei ersetzen
export-writing = { $count } Nachrichten geschrieben …
export-done =
    { $count ->
        [one] Eine Nachricht steht in { $file }.
       *[other] { $count } Nachrichten stehen in { $file }.
    }
export-warning = ! Diese Datei ist nicht verschlüsselt: Wer sie hat, liest alles darin. Bewahre sie sicher auf und lösche sie, wenn du sie nicht mehr brauchst.

privacy-usage = sealpost privacy [--reasons]
privacy-about = Zeigen, was dein Relay speichert, wer es betreibt und wo
privacy-help-reasons = Auch wo es gespeichert ist, warum und auf welcher Rechtsgrundlage
privacy-relay = Dein Relay: { $relay }
privacy-operator = Betrieben von: { $operator }
privacy-region = Seine Daten liegen in: { $region }
privacy-unsaid = (sagt der Betreiber nicht)
privacy-head = Was es nach eigener Auskunft speichert und protokolliert (in den Worten des Relays; die Nachrichten selbst kann es nicht lesen):
privacy-column-what = Was
privacy-column-who = Wer es lesen kann
privacy-column-kept = Wie lange
privacy-more = --reasons zeigt zu jedem den Grund und die Rechtsgrundlage.

completions-usage = sealpost completions bash|zsh|fish
completions-about = Ausgeben, womit eine Shell Befehle vervollständigt
completions-help-shell = bash, zsh oder fish

man-usage = sealpost man [BEFEHL…] [--to PFAD]
man-about = Eine Handbuchseite ausgeben oder alle in einen Ordner schreiben
man-help-command = Der Befehl, dessen Seite ausgegeben wird (sonst: die von sealpost)
man-help-to = Der Ordner, in den alle Seiten geschrieben werden
man-done =
    { $count ->
        [one] Eine Seite liegt in { $folder }.
       *[other] { $count } Seiten liegen in { $folder }.
    }
man-name = BEZEICHNUNG
man-synopsis = ÜBERSICHT
man-description = BESCHREIBUNG
man-extra = RÜCKGABEWERT
man-version = FASSUNG

inbox-usage = sealpost inbox [WER] [--watch] [--wait SEKUNDEN]
inbox-about = Nachrichten holen und Unterhaltungen zeigen, oder eine davon
inbox-help-watch = Weiter zeigen, was hereinkommt
inbox-help-wait = Wie lange auf das Relay gewartet wird (sonst: 10)
inbox-unread =
    { $count ->
        [one] Eine ungelesene Nachricht.
       *[other] { $count } ungelesene Nachrichten.
    }
inbox-watching = Wartet auf Nachrichten. Strg-C beendet.

serve-usage = sealpost serve [--data PFAD] [--listen ADRESSE:PORT] [--private [--host RECHNER]]
serve-about = Ein Relay starten
serve-help-data = Der Datenordner des Relays
serve-help-listen = Wo es lauscht (sonst: 127.0.0.1:8443)
serve-help-private = Verschlüsseln mit einer eigenen Zertifizierungsstelle, die im Datenordner entsteht
serve-help-host = Der Name oder die Adresse in diesem Zertifikat
serve-help-certificate = Die Zertifikatskette des Relays, PEM
serve-help-key = Der private Schlüssel zum Zertifikat, PEM
serve-help-open = Alle dürfen sich registrieren, auch ohne Nummer
serve-help-operator = Wer dieses Relay betreibt, für seine Nutzer zu lesen
serve-help-region = Wo seine Daten liegen, für seine Nutzer zu lesen
serve-listening = Das Relay ist unter { $address }
serve-data = Seine Daten liegen in { $folder }
serve-register = Dort registrieren mit: sealpost register { $command } --phone NUMMER
serve-codes = Kein SMS-Dienst ist eingerichtet: Die Codes erscheinen hier.
serve-stop = Strg-C hält es an.
serve-stopped = Das Relay hat angehalten.

## Vollbild

screen-usage = sealpost screen [WER]
screen-about = Unterhaltungen und Nachrichten im ganzen Terminal, mit der Tastatur
screen-help-who = Der Kontakt oder die Gruppe, die sofort geöffnet wird
screen-hint = Mit ↑ und ↓ eine Unterhaltung wählen, mit Enter öffnen. F1 zeigt alle Tasten.
screen-hint-empty = Noch hat niemand geschrieben. Strg-N beginnt eine Unterhaltung mit einem Kontakt; „sealpost contacts add“ nimmt eine Karte auf.
screen-too-small = Zu klein hier
screen-today = heute
screen-yesterday = gestern
screen-unread-below = neu
screen-answers-earlier = antwortet auf eine frühere Nachricht
screen-more-below = ↓ mehr: Strg-Ende
screen-more-lines = ↓ mehr
screen-draft = Entwurf
screen-mark-request = Anfrage
screen-mark-invited = eingeladen
screen-mark-muted = stumm
screen-invited = du bist eingeladen
screen-request = { $name } möchte dir schreiben: F5 nimmt an, F6 blockiert
screen-invitation = { $name } lädt dich ein: F5 nimmt an, F6 lehnt ab
screen-replying = Antwort auf { $message } (Esc: doch nicht)
screen-editing = #{ $number } ändern (Esc: doch nicht)
screen-keys-message = r antworten, + reagieren, e ändern, d löschen, Esc zurück
screen-entry-full = Der Text ist voll. Sende ihn und schreib in einer weiteren Nachricht fort.
screen-nothing-to-accept = Hier gibt es nichts anzunehmen.
screen-nothing-to-block = Eine Gruppe wird nicht blockiert: F4 stellt sie stumm, /leave verlässt sie.
screen-ask-block = { $name } blockieren? Niemand erfährt es; was gesendet wird, wird verworfen.
screen-ask-decline = Die Einladung zu { $name } ablehnen?
screen-ask-delete = #{ $number } löschen, hier und bei den anderen? Sie haben es vielleicht gelesen.
screen-confirm-title = Sicher?
screen-confirm-keys = Enter: ja    Esc: nein
screen-react-title = Reaktion auf #{ $number }
screen-react-keys = Eine Ziffer setzt sie, 0 nimmt deine zurück. Andere: /react NUMMER EMOJI
screen-pick-title = Sprechen mit …
screen-pick-none = Noch keine Kontakte. „sealpost contacts add KARTE“ fügt den ersten hinzu.
screen-pick-nobody = Niemand und keine Gruppe heißt so.
screen-search-here = Suche bei { $name }
screen-search-all = Suche überall
screen-search-keys = Enter sucht, Tab wechselt zwischen dieser Unterhaltung und allen.
screen-search-none = Nichts gefunden.
screen-search-found =
    { $count ->
        [one] 1 Nachricht. Enter geht dorthin.
       *[other] { $count } Nachrichten. Enter geht zur gewählten.
    }
screen-search-cut = Es gibt vielleicht mehr: nur die neuesten wurden durchsucht.
screen-muted = Stumm: es meldet sich nicht mehr.
screen-unmuted = Nicht mehr stumm.
screen-online = verbunden
screen-connecting = verbindet
screen-offline = keine Verbindung
screen-refused = Verbindung abgewiesen
screen-suspended = vom Betreiber gesperrt
screen-waiting =
    { $count ->
        [one] 1 wartet
       *[other] { $count } warten
    }
screen-help-key = F1 Hilfe
screen-alarm-key = ALARM: anderer Schlüssel von { $name }
screen-alarm-copied = ALARM: dieses Konto ist eine Kopie. Siehe sealpost id
screen-alarm-retired = Diese ID ist beendet
screen-alarm-retires = Diese ID endet { $time }. Siehe sealpost id
screen-help-title = Tasten (Esc schließt)
screen-help-everywhere = Überall | Tab: Eingabe, Liste, Nachrichten | Alt-↑ Alt-↓: Unterhaltung darüber, darunter | Bild↑ Bild↓: blättern, Strg-Ende: neueste | Strg-N: sprechen mit …, Strg-F: suchen | F2: wer dabei ist, mit Vertrauen | F4: stumm oder nicht | F5: annehmen, F6: blockieren oder ablehnen | Strg-L: neu zeichnen, Strg-Z: zur Shell, Strg-C: beenden (was du schreibst, bleibt)
screen-help-list = In der Liste | ↑ ↓ Enter: wählen, öffnen | n: sprechen mit …, /: überall suchen, p: Personen | m: stumm, a: annehmen, b: blockieren, q: beenden, ?: diese Hilfe
screen-help-messages = In den Nachrichten (↑ aus der Eingabe, oder Strg-↑) | ↑ ↓: wählen, Ende: neueste | r oder Enter: antworten, +: reagieren | e: ändern, d: löschen (eigene)
screen-help-entry = In der Eingabe | Enter: senden, Alt-Enter oder Strg-J: neue Zeile | Strg-← Strg-→: wortweise, Strg-A Strg-E: Anfang, Ende der Zeile | Strg-W Strg-U Strg-K: das Wort löschen, die Zeile davor, dahinter

## Fragen

ask-name = Dein Name, wie ihn Kontakte sehen sollen:
ask-delete = Das lässt sich nicht rückgängig machen: Deine Gruppen werden verlassen, und niemand erreicht { $id } mehr. Gib die ID noch einmal ein, um das Konto zu löschen:
ask-code = Code aus der SMS:
ask-passphrase = Deine Passphrase:
ask-new-passphrase = Neue Passphrase (mindestens 8 Zeichen):
ask-passphrase-again = Noch einmal:

## Nachrichten

you = Du
message-answers = Antwort auf
message-edited = geändert
message-deleted = (gelöscht)
message-unsupported = (von dieser Version nicht unterstützt; für eine neuere aufgehoben)
message-unopened = (ließ sich nicht öffnen; der Absender wurde um Wiederholung gebeten)
system-secured-anew = Die Unterhaltung wurde neu gesichert.
system-key-alarm = ALARM: Zu dieser ID wurde ein anderer Schlüssel gezeigt. Es wird nichts mehr gesendet.
system-peer-retired = Diese ID ist beendet. Was nicht zugestellt wurde, kann an die neue ID gehen.
happened-created = { $by } hat die Gruppe gegründet.
happened-created-by-you = Du hast die Gruppe gegründet.
happened-joined = { $by } hat dich in die Gruppe aufgenommen.
happened-added = { $by } hat { $member } dazugenommen.
happened-added-by-you = Du hast { $member } dazugenommen.
happened-not-added = { $member } ließ sich nicht dazunehmen: Das Relay gab keinen Schlüssel heraus, oder das Postfach nahm nichts an.
happened-removed = { $by } hat { $member } entfernt.
happened-removed-by-you = Du hast { $member } entfernt: Was ab jetzt gesendet wird, ist dort nicht zu lesen.
happened-removed-you = { $by } hat dich entfernt. Was bisher gesagt wurde, bleibt hier.
happened-left = { $member } hat die Gruppe verlassen.
happened-left-you = Du hast die Gruppe verlassen. Was bisher gesagt wurde, bleibt hier.
happened-came-back = { $member } hatte die Schlüssel der Gruppe verloren und wurde neu aufgenommen.
happened-renamed = { $by } hat die Gruppe „{ $name }“ genannt.
happened-renamed-by-you = Du hast die Gruppe „{ $name }“ genannt.
happened-became-admin = { $by } hat { $member } zum Admin gemacht.
happened-became-admin-by-you = Du hast { $member } zum Admin gemacht.
happened-became-admin-you = Du bist jetzt Admin der Gruppe.
happened-stopped-being-admin = { $by } hat { $member } die Rechte als Admin genommen.
happened-stopped-being-admin-by-you = Du hast { $member } die Rechte als Admin genommen.
happened-stopped-being-admin-you = Du bist nicht mehr Admin der Gruppe.
happened-policy-changed = { $by } hat geändert, was Mitglieder dürfen.
happened-policy-changed-by-you = Du hast geändert, was Mitglieder dürfen.
happened-created-anew = { $by } hat die Gruppe neu gegründet.
happened-created-anew-by-you = Du hast die Gruppe neu gegründet.
happened-torn = Dieses Gerät kann der Gruppe nicht mehr folgen und hat darum gebeten, neu aufgenommen zu werden.
happened-gave-up = Seit einer Woche hat niemand dieses Gerät neu aufgenommen: Es gehört nicht mehr zur Gruppe. Bitten Sie ein Mitglied, Sie wieder hinzuzufügen.
happened-could-not-follow = { $by } kann einer Änderung von { $member } nicht folgen und hat um neue Aufnahme gebeten.
happened-could-not-follow-you = { $by } kann einer Änderung von dir nicht folgen und hat um neue Aufnahme gebeten.
happened-back-again = Dieses Gerät wurde neu aufgenommen: Was dazwischen gesagt wurde, kann fehlen.
happened-key-alarm = ALARM: { $member } ist mit einem anderen Schlüssel in der Gruppe als dem bekannten. Nichts wird gesendet, bevor { $member } entfernt ist. Trefft euch und vergleicht die Fingerabdrücke.
happened-retired = Die ID von { $member } ist beendet: Dort kommt nichts mehr an.
conversation-empty = (keine Nachrichten)
conversation-unread =
    { $count ->
        [one] 1 ungelesen
       *[other] { $count } ungelesen
    }
state-received = empfangen
state-waiting = wartet
state-sending = unterwegs
state-sent = gesendet
state-sent-but = gesendet, noch nicht an { $count } von { $others }
state-delivered = zugestellt
state-read = gelesen
failed-needs-new-card = angehalten: um eine neue Karte bitten
failed-key-alarm = angehalten: anderer Schlüssel
failed-too-old-version = angehalten: Sealpost aktualisieren
failed-mailbox-full = Postfach voll, wird erneut versucht
failed-retired = angehalten: diese ID ist beendet
failed-blocked = angehalten: gesperrt
failed-no-downgrade = angehalten: ein zugesagter starker Schlüssel fehlt
failed-refused = abgelehnt
failed-not-a-member = angehalten: kein Mitglied mehr

## Fehler: was geschah, was erhalten blieb, wie es weitergeht

error-no-account = An dieser Stelle ist kein Konto, und nichts wurde geändert. „sealpost init“ legt eines an; --account nennt ein anderes.
error-account-exists = An dieser Stelle ist schon ein Konto; es blieb unberührt. --account NAME legt ein weiteres an.
error-in-use = Ein anderes Programm benutzt dieses Konto. Nichts wurde geändert. Beende es oder warte, bis es endet.
error-wrong-key = Der Schlüssel im Schlüsselbund öffnet dieses Konto nicht. Das Konto blieb unberührt. Ist es der richtige Schlüsselbund, und der richtige Ordner?
error-wrong-passphrase = Diese Passphrase ist falsch. Nichts wurde geändert. Versuche es noch einmal.
error-vault-unavailable = Der Schlüsselbund ist nicht benutzbar ({ $detail }). Nichts wurde geändert. Öffne ihn, oder lege ein Konto mit --vault passphrase an.
error-damaged = Die Dateien des Kontos sind beschädigt ({ $detail }). Sie blieben, wie sie sind; kopiere den Ordner, bevor du etwas anderes versuchst.
error-newer-version = Dieses Konto hat eine neuere Version von Sealpost geschrieben. Es blieb unberührt. Aktualisiere Sealpost.
error-disk-full = Der Datenträger ist voll. Der letzte Schritt geschah nicht; alles davor ist erhalten. Schaffe Platz und versuche es noch einmal.
error-read-only = Die Dateien des Kontos lassen sich nicht schreiben ({ $detail }). Nichts wurde geändert. Prüfe die Rechte des Ordners.
error-not-registered = Dieses Konto ist noch nicht registriert; es liegt auf diesem Gerät bereit. Weiter mit: sealpost register
error-already-registered = Dieses Konto ist schon registriert; nichts wurde geändert. „sealpost id“ zeigt, wo.
error-copied-device = Dieser Ordner ist eine Kopie oder wurde wiederhergestellt: Das Relay kennt eine neuere Sitzung. Was hier gespeichert ist, bleibt lesbar. Nimm das Original. Oder, wenn dies das einzige sein soll: „sealpost id start-over“.
error-retired = Diese ID ist beendet, weil ihre Nummer neu registriert oder das Konto gelöscht wurde. Was hier gespeichert ist, bleibt lesbar. Lege mit „sealpost init“ ein neues Konto an.
error-presence-denied = Es wurde nicht bestätigt, dass du da bist; darum wurde nichts gezeigt. Versuche es noch einmal.
error-invalid-number = Das ist keine Telefonnummer in internationaler Form, wie +4917604069001. Nichts wurde gesendet.
error-invalid-id = Das ist keine ID: Sie hat 8 Ziffern und Buchstaben. Nichts wurde geändert.
error-invalid-card = Diese Karte ist nicht brauchbar ({ $reason }). Kein Kontakt wurde aufgenommen. Bitte noch einmal um die Karte.
error-invalid-invitation = Diese Einladung ist nicht brauchbar ({ $reason }). Nichts wurde gesendet. Bitte um eine neue.
error-invalid-relay = Das ist keine brauchbare Adresse eines Relays ({ $reason }). Nichts wurde gesendet. Prüfe die Schreibweise.
error-other-relay = Diese Karte gehört zu einem anderen Relay. Kein Kontakt wurde aufgenommen. Beide brauchen ein Konto beim selben Relay.
error-own-card = Das ist deine eigene Karte. Kein Kontakt wurde aufgenommen. Bitte die andere Person um ihre.
error-key-changed = ALARM: Diese Karte zeigt einen anderen Schlüssel, als zu dieser ID bekannt ist. Nichts wurde geändert. Mach nicht weiter; trefft euch und vergleicht die Fingerabdrücke.
error-empty = Es gibt nichts zu senden.
error-too-long = Das ist zu lang: höchstens { $limit } Bytes. Nichts wurde gesendet. Teile es auf.
error-unknown-contact = Diesen Kontakt gibt es nicht. Nichts wurde geändert. „sealpost contacts“ zeigt alle.
error-unknown-conversation = Diese Unterhaltung gibt es nicht. Nichts wurde geändert.
error-unknown-message = Diese Nachricht gibt es nicht. Nichts wurde geändert. Die Nummer steht vor jeder Nachricht.
error-not-yours = Das kann nur, wer sie geschrieben hat. Nichts wurde geändert.
error-blocked = Dieser Kontakt ist gesperrt, darum wird nichts gesendet. „sealpost contacts unblock“ hebt die Sperre auf.
error-not-a-group = Diese Unterhaltung ist keine Gruppe. Nichts wurde geändert. „sealpost groups“ zeigt alle Gruppen.
error-not-a-member = Das können nur Mitglieder der Gruppe, und nur mit Mitgliedern. Nichts wurde geändert. „sealpost groups show“ zeigt, wer dabei ist; ein Mitglied kann dich wieder dazunehmen.
error-not-admin = Das können nur Admins der Gruppe. Nichts wurde geändert. „sealpost groups show“ zeigt, wer sie sind.
error-last-admin = Eine Gruppe braucht einen Admin, und das ist der einzige. Nichts wurde geändert. Mach zuerst jemand anderen zum Admin: sealpost groups admin
error-too-many =
    { $limit ->
        [one] Zu viele: höchstens eines. Nichts wurde geändert. Nimm zuerst einige heraus.
       *[other] Zu viele: höchstens { $limit }. Nichts wurde geändert. Nimm zuerst einige heraus, oder gründe eine zweite Gruppe.
    }
error-unreachable = Das Relay ist nicht zu erreichen ({ $detail }). Alles bleibt auf diesem Gerät. Prüfe Adresse und Netz und versuche es noch einmal.
error-certificate-refused = Dem Zertifikat des Relays ist nicht zu trauen ({ $detail }). Nichts wurde gesendet. Hat das Relay eine eigene Zertifizierungsstelle, frage den Betreiber nach dem --pin.
error-stopped = Abgebrochen. Was vorher geschah, bleibt.
error-code-wrong =
    { $tries ->
        [one] Der Code ist falsch. Ein Versuch bleibt.
       *[other] Der Code ist falsch. { $tries } Versuche bleiben; ist keiner mehr übrig, rufe den Befehl für einen neuen Code noch einmal auf.
    }
error-code-expired = Der Code ist abgelaufen oder verbraucht. Das Konto bleibt. Rufe den Befehl für einen neuen noch einmal auf.
error-country-not-allowed = Dieses Relay sendet keine Codes in dieses Land. Nichts wurde gesendet. Der Betreiber kann es erlauben oder dich einladen.
error-sms-failed = Das Relay konnte die SMS nicht senden. Das Konto bleibt. Versuche es in einigen Minuten noch einmal.
error-invitation-refused = Diese Einladung ist unbekannt, benutzt oder abgelaufen. Das Konto bleibt. Bitte um eine neue.
error-registration-closed = Dieses Relay nimmt auf diesem Weg keine neuen Konten an. Das Konto bleibt. Frage den Betreiber, welcher Weg offen ist.
error-too-many-requests =
    { $seconds ->
        [one] Zu oft. Nichts ist verloren; versuche es in einer Sekunde noch einmal.
       *[other] Zu oft. Nichts ist verloren; versuche es in { $seconds } Sekunden noch einmal.
    }
error-too-old-version = Das Relay nimmt diese Version nicht mehr an. Alles bleibt und wird nach der Aktualisierung gesendet. Aktualisiere Sealpost.
error-account-suspended = Der Betreiber des Relays hat dieses Konto gesperrt. Alles bleibt und geht weiter, sobald er es freigibt. Frag ihn: sealpost privacy zeigt, wer er ist.
error-refused = Das Relay hat abgelehnt ({ $code }: { $detail }). Alles bleibt auf diesem Gerät.
error-internal = Im Inneren ging etwas schief ({ $detail }). Was vorher gespeichert war, bleibt. Bitte melde es.
error-waiting = Noch keine Verbindung: Die Nachricht wartet im Ausgang und geht mit der nächsten Verbindung hinaus. Nichts ist verloren.
error-change-waiting = Noch nicht geschehen: Die Änderung wartet im Ausgang und geschieht mit der nächsten Verbindung. Nichts ist verloren.
error-not-added = Nicht dazugenommen: { $names }. Die anderen sind in der Gruppe. Bitte um eine neue Karte, oder versuche es noch einmal, wenn sie online waren.
error-not-connected = Das Relay wurde nicht rechtzeitig erreicht. Alles bleibt auf diesem Gerät. Versuche es später noch einmal.
error-displaced = Ein anderes Programm hat sich mit diesem Konto verbunden und übernommen. Nichts ist verloren. Mach dort weiter.
error-not-confirmed = Die ID wurde nicht eingegeben; nichts wurde gelöscht. Wo niemand gefragt werden kann: --yes.
error-account-refused = Das Relay lehnt dieses Konto ab. Alles bleibt auf diesem Gerät. „sealpost id“ zeigt, warum.
error-needs-new-card = Der Kontakt nimmt mit dieser Karte keine Nachrichten mehr an. Die Nachricht bleibt und wird gesendet, sobald du seine neue Karte aufnimmst.
error-key-alarm = ALARM: Das Relay hat zu diesem Kontakt einen anderen Schlüssel gezeigt. Die Nachricht bleibt und wurde nicht gesendet. Trefft euch und vergleicht die Fingerabdrücke.
error-mailbox-full = Das Postfach des Kontakts ist voll. Die Nachricht bleibt und wird erneut versucht.
error-contact-retired = Die ID dieses Kontakts ist beendet. Die Nachricht bleibt und wurde nicht gesendet. Bitte die Person um eine Karte mit der neuen ID.
error-no-downgrade = Zu diesem Kontakt ist ein Post-Quanten-Schlüssel zugesagt und fehlt. Die Nachricht bleibt und wurde nicht mit einem schwächeren gesendet. Der Kontakt soll einmal online gehen, oder bitte um eine neue Karte.
error-message-refused = Das Relay lehnt diese Nachricht endgültig ab. Sie bleibt in der Unterhaltung. Versuche eine kürzere, oder frage den Betreiber.
error-account-name = So kann ein Konto nicht heißen. Nimm Buchstaben und Ziffern, oder einen Pfad mit Schrägstrich.
error-no-home = Es gibt keinen Heimatordner für das Konto. Setze SEALPOST_HOME, oder gib --account einen Pfad.
error-passphrase-missing = Die Passphrase fehlt, und niemand ist da, den man fragen kann. Nichts wurde geändert. Für Skripte: SEALPOST_PASSPHRASE setzen.
error-passphrase-file = Die Passphrase kann nicht aus { $file } gelesen werden ({ $detail }). Nichts wurde geändert. Prüfe die Datei und ihre Rechte.
error-no-words = Es gibt nichts zu suchen. Gib mindestens ein Wort an.
error-no-files-yet = Dateien können noch nicht gesendet werden; nichts wurde gesendet. Sende vorerst einen Text.
error-order-unclear = Das ist kein Auftrag: Eine Zeile hat "text" und entweder "to" oder "conversation". Nichts wurde gesendet.
error-output-closed = Die Ausgabe kann nicht mehr geschrieben werden ({ $detail }). Was nicht ausgegeben wurde, wird beim nächsten Mal noch einmal erzählt.
error-export-exists = { $file } gibt es schon; sie wurde nicht angetastet. Nimm einen anderen Namen, oder --force, um sie zu ersetzen.
error-export-unwritable = { $file } kann nicht geschrieben werden ({ $detail }). Nichts davon ist geblieben. Schaffe Platz oder wähle einen anderen Ort, und versuche es noch einmal.
error-no-manual = Für „{ $command }“ gibt es keine Seite. „sealpost --help“ zählt die Befehle auf.
error-manual-unwritable = Die Seiten können nicht nach { $folder } geschrieben werden ({ $detail }). Wähle einen anderen Ordner, oder mache diesen beschreibbar.
error-passphrase-short = Die Passphrase ist zu kurz: mindestens 8 Zeichen. Nichts wurde angelegt.
error-passphrase-differs = Die beiden Passphrasen sind verschieden. Nichts wurde angelegt. Versuche es noch einmal.
error-code-missing = Der Code fehlt. Er ist als SMS unterwegs; rufe den Befehl noch einmal mit --code CODE auf.
error-invalid-pin = Ein Pin hat 64 hexadezimale Ziffern. Nichts wurde gesendet. Der Betreiber des Relays nennt ihn dir.
error-ambiguous-name = Mehr als ein Kontakt heißt „{ $name }“. Nichts wurde geändert. Nimm die ID; „sealpost contacts“ zeigt sie.
error-ambiguous-group = Mehr als eine Gruppe heißt „{ $name }“ oder beginnt so. Nichts wurde geändert. Nimm mehr von der ID; „sealpost groups“ zeigt sie.
error-ambiguous-member = Mehr als ein Mitglied heißt „{ $name }“. Nichts wurde geändert. Nimm die ID; „sealpost groups show“ zeigt sie.
error-contact-or-group = „{ $name }“ ist ein Kontakt ({ $contact }) und eine Gruppe ({ $group }). Nichts wurde geändert. Nimm die ID von dem, was du meinst.
error-unknown-person = Kein Kontakt hat die ID oder den Namen „{ $name }“. Nichts wurde geändert. „sealpost contacts“ zeigt alle.
error-unknown-group = Keine Gruppe hat den Namen „{ $name }“ oder eine ID, die so beginnt. Nichts wurde geändert. „sealpost groups“ zeigt alle.
error-unknown-member = Kein Mitglied hat die ID oder den Namen „{ $name }“. Nichts wurde geändert. „sealpost groups show“ zeigt, wer in der Gruppe ist.
error-unknown-conversation-name = Kein Kontakt und keine Gruppe hat die ID oder den Namen „{ $name }“. Nichts wurde geändert. „sealpost contacts“ und „sealpost groups“ zeigen alle.
error-card-too-large = Die Karte passt nicht in einen QR-Code. Nimm den Link.
error-chat-command = „{ $entry }“ ist hier kein Befehl und wurde nicht gesendet. /help zeigt sie.
error-needs-terminal = Das Vollbild braucht ein Terminal. Nichts ist geschehen. Skripte nehmen „sealpost send“ und „sealpost inbox --json“.
error-terminal-unusable = Das Terminal ist nicht brauchbar ({ $detail }). Was gesendet und geschrieben ist, bleibt. „sealpost chat“ braucht weniger.
error-input-unreadable = Die Eingabe ist nicht lesbar ({ $detail }). Nichts wurde gesendet.
error-listen-address = „{ $address }“ ist keine Adresse zum Lauschen, wie 127.0.0.1:8443.
error-relay-failed = Das Relay kann nicht laufen ({ $detail }). Seine Daten blieben, wie sie sind.
error-demo-failed = Die Vorführung kam nicht ans Ende ({ $detail }). Ihr vorläufiger Ordner wurde entfernt.
error-demo-removed-reads = Wer aus der Gruppe entfernt wurde ({ $name }), nimmt noch an ihr teil. Das darf nicht sein; bitte melde es.
error-demo-readable =
    { $hits ->
        [one] Die Suche fand eine lesbare Stelle beim Relay. Das darf nicht sein; bitte melde es.
       *[other] Die Suche fand { $hits } lesbare Stellen beim Relay. Das darf nicht sein; bitte melde es.
    }

## Vorführung

demo-usage = sealpost demo
demo-about = Drei Leuten und einem Relay zusehen, auf diesem Rechner, in weniger als einer Minute
demo-title = Sealpost: drei Leute, ein Relay, und was es nicht lesen kann
demo-folder = Alles geschieht auf diesem Rechner, in { $folder }; am Ende wird es entfernt.
demo-step-relay = Ein Relay startet
demo-relay-runs = Es lauscht unter { $address }, ein echter Prozess mit eigenem Datenordner.
demo-relay-pin = Es hat eine eigene Zertifizierungsstelle; die Geräte glauben keiner anderen ({ $pin }…).
demo-step-register = Zwei Leute registrieren sich mit ihrer Telefonnummer
demo-registered = { $name }, { $number }: Code { $code } per SMS, ID { $id } auf dem Gerät entstanden
demo-step-cards = Sie tauschen Kontaktkarten
demo-card = { $name } ⇒ { $other }: { $card }…
demo-step-talk = Sie reden
demo-text-hello = Hallo! Dieser Satz wird auf meinem Gerät versiegelt.
demo-text-answer = Und auf meinem geöffnet. Das Relay sah keinen davon.
demo-state-sent = ✓ gesendet
demo-state-waiting = … wartet auf dem Gerät
demo-state-killed = … auf dem Gerät aufgehoben
demo-reads = { $name } liest: { $text }
demo-step-cut = Das Netz fällt aus, und ein Programm wird abgeschossen
demo-network-cut = Keine Verbindung zum Relay mehr.
demo-text-offline = Ohne Netz geschrieben, im Zug.
demo-text-killed = Kurz vor dem Stromausfall geschrieben.
demo-client-killed = Das Programm von { $name } (Prozess { $process }) wurde mittendrin mit kill -9 beendet.
demo-step-back = Das Netz ist zurück, und das Relay wird abgeschossen
demo-network-back = Die Verbindung ist wieder da.
demo-outbox-left = Das Gerät von { $name } startet neu, und was wartete, geht hinaus.
demo-relay-killed = Das Relay (Prozess { $process }) wurde mit kill -9 beendet, bevor jemand abholte, und neu gestartet.
demo-all-once = Alles kam an: jede Nachricht einmal, in der richtigen Reihenfolge.
demo-step-third = Eine dritte Person kommt dazu
demo-step-group = Sie gründen eine Gruppe
demo-group-name = Chor am Kanal
demo-group-made = „{ $name }“: { $people }
demo-group-joined = { $name } hat die Einladung eines Kontakts abgeholt und ist dabei.
demo-text-group-one = Willkommen, wir drei!
demo-text-group-two = Singen wir am Donnerstag?
demo-text-group-three = Donnerstag passt mir gut.
demo-group-heard = Jede Nachricht wurde einmal versiegelt und von zweien geöffnet. { $name } und { $other } haben nie eine Karte getauscht.
demo-step-removed = Eine Person wird entfernt
demo-removed = { $other } entfernt { $name }: Die Gruppe hat neue Schlüssel.
demo-text-removed = Die Überraschung ist am Freitag.
demo-text-removed-answer = Kein Wort zu irgendwem!
demo-removed-mailbox = Das Postfach von { $name } wurde befragt: Sendungen, die dort warten: { $count }, die Nachricht davon und keine der beiden.
demo-removed-device = Das Gerät von { $name } wurde befragt: Es holte ab, was wartet, zeigt { $texts } Nachrichten, keine dieser beiden, und darf nichts mehr senden.
demo-step-look = Was das Relay hat
demo-text-waiting = Dieser wartet beim Relay, während wir es durchsuchen.
demo-waits-there = { $name } ist offline, also wartet die Nachricht beim Relay. Das sind dessen Zeilen:
demo-row-account = IDs, öffentliche Schlüssel, ein Hashwert je Nummer
demo-row-code = Codes von heute, als Hashwerte
demo-row-codes-a-day = wie viele Codes heute gesendet wurden
demo-row-delivered = Hashwerte, die eine Wiederholung erkennen
demo-row-key-package = öffentliche Schlüssel für den Beginn einer Unterhaltung
demo-row-mailbox = wie viel auf wen wartet
demo-row-message = welche versiegelte Sendung in welchem Postfach wartet
demo-row-payload = versiegelte, aufgefüllte Bytes
demo-row-relay = wann das Relay zuletzt wiederhergestellt wurde
demo-row-slot = versiegelte Schlüsselwechsel unter Zufallsnamen
demo-row-token = Hashwerte der Zufallsmarken, mit denen Kontakte schreiben
demo-tables-empty =
    { $count ->
        [one] (und eine leere Tabelle)
       *[other] (und { $count } leere Tabellen)
    }
demo-step-search = Eine Suche nach allem, was gesagt wurde
demo-text-control = Dieser Satz wurde versteckt.
demo-control-found = Zuerst eine Probe: „{ $text }“ wurde in seinem Ordner versteckt und gefunden (1 Treffer).
demo-searched = Nun jede Nachricht, jeder Name, jede Nummer: { $needles } Texte, in 10 Schreibweisen, durch { $files } Dateien ({ $size } KiB).
demo-hits =
    { $count ->
        [one] 1 Treffer (1 hit)
       *[other] { $count } Treffer ({ $count } hits)
    }
demo-step-last = Und die Nachricht, die gewartet hat
demo-done =
    { $seconds ->
        [one] Fertig in einer Sekunde.
       *[other] Fertig in { $seconds } Sekunden.
    }
demo-by-hand = Dasselbe von Hand, in drei Terminals („sealpost“ ist target/debug/sealpost):
demo-by-hand-note = CARD ist der Link, den Terminal 2 zeigt; der Code jeder SMS erscheint in Terminal 1.
