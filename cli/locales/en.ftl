### The texts of the terminal, in English.
### Simple messages, variables and plural selectors only: resources for other platforms are made from these files.

## Help

about = Sealpost: messages under seal, in the terminal.
usage = sealpost [--account NAME] COMMAND
after-help = Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 waits in the outbox (nothing is lost), 4 needs you, 5 problem with the account's folder, 6 relay not reached.
heading-usage = Usage
heading-commands = Commands
heading-options = Options
heading-arguments = Arguments
heading-global = Options of every command
value-command = COMMAND
value-account = NAME|PATH
value-language = LANGUAGE
value-name = NAME
value-vault = VAULT
value-address = ADDRESS
value-pin = HEX
value-number = NUMBER
value-code = CODE
value-text = TEXT
value-who = WHO
value-card = CARD
value-seconds = SECONDS
value-switch = on|off
value-group = GROUP
value-folder = PATH
value-listen = ADDRESS:PORT
value-host = HOST
value-file = FILE
value-position = POSITION
value-words = WORDS
value-count = COUNT
value-target = FILE or -
value-shell = SHELL
help-account = Which account: a name, or the path of its folder (default: the account "default")
help-passphrase-file = Read the passphrase from the first line of this file
help-json = One JSON object per line instead of text
help-lang = Language: en, de or fr (default: that of the environment)
help-help = Show this help
help-version = Show the version
help-who = ID or name of a contact
help-whom = ID or name of a contact or a group
help-group = Name of a group, or the beginning of its ID

## Wrong arguments

refusal-unknown = "{ $argument }" is not known here.
refusal-missing = Missing: { $argument }
refusal-no-command = A command is missing.
refusal-conflict = "{ $argument }" can't stand beside what else was given.
refusal-value = "{ $value }" does not fit { $argument }.
refusal-other = This can't be understood: { $argument }
refusal-help = "sealpost --help" and "sealpost COMMAND --help" show how it is written.

## Commands

init-usage = sealpost init [--name NAME] [--vault keyring|passphrase]
init-about = Make an account on this device
init-help-name = The name that contacts see
init-help-vault = Where the key is kept: keyring or passphrase (default: the keyring, if one answers)
init-done = Your ID is { $id }. Its keys were made on this device and stay here.
init-keyring = The account is in { $folder }. The desktop's keyring holds its key.
init-passphrase = The account is in { $folder }. Your passphrase locks it: nobody can recover it for you.
init-next = Next: sealpost register

register-usage = sealpost register --relay ADDRESS [--pin HEX] (--phone NUMBER | --open), or --invitation TEXT
register-about = Register at a relay
register-help-relay = The relay's address, such as https://relay.example
register-help-pin = Fingerprint (SHA-256) of the relay's own certificate authority
register-help-phone = Your phone number, in international form
register-help-code = The code from the SMS, if you have it already
register-help-invitation = An invitation; it names the relay
register-help-open = Without number or invitation, where the relay allows it
register-relay = This relay is run by: { $operator } ({ $region })
register-code-sent =
    { $minutes ->
        [one] A code was sent by SMS. It is valid for one minute.
       *[other] A code was sent by SMS. It is valid for { $minutes } minutes.
    }
register-done = Registered: { $id } at { $relay }
register-number-kept = The relay did not keep your number, only a keyed hash of it.
register-next = Next: "sealpost card" shows your contact card, "sealpost contacts add" takes another's.

id-usage = sealpost id [delete | keep | name NAME | read-receipts on|off | start-over]
id-about = Show your profile, or change it
id-delete-usage = sealpost id delete [--yes]
id-delete-about = Delete the account at the relay, for good; what is stored here can still be read
id-help-yes = do not ask
id-keep-usage = sealpost id keep
id-keep-about = Keep this ID although its number was registered anew
id-name-usage = sealpost id name NAME
id-name-about = Change the name that contacts see
id-read-receipts-usage = sealpost id read-receipts on|off
id-read-receipts-about = Tell senders when you have read their messages, or not
id-start-over-usage = sealpost id start-over
id-start-over-about = Go on with this device, which was taken for a copy: any other is refused then
id-help-switch = on or off
id-name = Name: { $name }
id-id = ID: { $id }
id-fingerprint = Fingerprint: { $fingerprint }
id-relay = Relay: { $relay }
id-unregistered = Not registered yet: sealpost register
id-number-linked = Phone number: linked (the relay knows a keyed hash of it only)
id-number-none = Phone number: none
id-receipts-on = Read receipts: on
id-receipts-off = Read receipts: off
id-retires = Attention: the number of this ID was registered anew. The ID ends at { $time }, unless you say: sealpost id keep
id-deleted = The account { $id } is deleted at the relay, with all that waited for it; the ID is never given out again. What is stored here can still be read and exported: "sealpost export". When you need it no more, delete the account's folder.

card-usage = sealpost card [--qr]
card-about = Show your contact card
card-help-qr = Draw a QR code as well
card-nobody-asked = Note: nobody was asked to confirm, since the keyring is open.
card-next = Whoever has this card can write to you. Another adds it with: sealpost contacts add CARD

contacts-usage = sealpost contacts [add CARD | rename WHO NAME | accept WHO | block WHO | unblock WHO | send-again WHO TO]
contacts-about = List your contacts, or change them
contacts-add-usage = sealpost contacts add CARD [--name NAME]
contacts-add-about = Add a contact by contact card
contacts-rename-usage = sealpost contacts rename WHO NAME
contacts-rename-about = Give a contact another name
contacts-accept-usage = sealpost contacts accept WHO
contacts-accept-about = Accept somebody who wrote first
contacts-block-usage = sealpost contacts block WHO
contacts-block-about = Block a contact; nothing is told
contacts-unblock-usage = sealpost contacts unblock WHO
contacts-unblock-about = Unblock a contact
contacts-send-again-usage = sealpost contacts send-again WHO TO
contacts-send-again-about = Send to a person's new ID what the old one did not receive
contacts-sent-again =
    { $count ->
        [one] One message is sent again.
       *[other] { $count } messages are sent again.
    }
contacts-still-waiting = Still to leave for the relay: { $count } …
contacts-help-card = The card's link, or - to read it from standard input
contacts-help-name = The contact's name on this device
contacts-none = No contacts yet. "sealpost contacts add CARD" adds the first.
contacts-added = Compare the fingerprint when you meet: { $fingerprint }
contact-request = wants to write to you
contact-blocked = blocked
contact-needs-new-card = ask for a new card
contact-retired = this ID has ended
trust-unverified = not verified
trust-known = known
trust-scanned = verified in person
trust-alarm = ALARM, other key
change-waits = No connection: the change is kept here and reaches the relay with the next one.

groups-usage = sealpost groups [create NAME WHO… | show GROUP | add GROUP WHO… | remove GROUP WHO… | rename GROUP NAME | admin GROUP WHO | policy GROUP | accept GROUP | leave GROUP | recreate GROUP]
groups-about = List your groups, or change them
groups-create-usage = sealpost groups create NAME WHO…
groups-create-about = Make a group with contacts; you are its admin
groups-show-usage = sealpost groups show GROUP
groups-show-about = Show who is in a group
groups-add-usage = sealpost groups add GROUP WHO…
groups-add-about = Add contacts
groups-remove-usage = sealpost groups remove GROUP WHO…
groups-remove-about = Remove members: they read nothing that is sent after it
groups-rename-usage = sealpost groups rename GROUP NAME
groups-rename-about = Give a group another name, for all of its members
groups-admin-usage = sealpost groups admin GROUP WHO [--revoke]
groups-admin-about = Make a member an admin, or an admin a member like the others
groups-policy-usage = sealpost groups policy GROUP [--members-add on|off] [--members-rename on|off]
groups-policy-about = Say what members who are no admins may do
groups-accept-usage = sealpost groups accept GROUP
groups-accept-about = Accept an invitation into a group
groups-leave-usage = sealpost groups leave GROUP
groups-leave-about = Leave a group, or decline an invitation; what was said stays here
groups-recreate-usage = sealpost groups recreate GROUP [--without WHO…]
groups-recreate-about = Create a group anew, where it can't be mended otherwise
groups-help-name = The group's name, which all of its members see
groups-help-revoke = Take the admin's rights back
groups-help-members-add = Whether every member may add others
groups-help-members-rename = Whether every member may rename the group
groups-help-without = Members who shall not be in the new one
groups-none = No groups yet. "sealpost groups create NAME WHO…" makes the first.
groups-on-its-way = On its way to the relay …
group-members =
    { $count ->
        [one] group of one
       *[other] group of { $count }
    }
group-you-admin = you are an admin
group-member = you are a member
group-invited = { $name } invites you: "sealpost groups accept", or "leave"
group-leaving = you are leaving
group-left-it = you left
group-removed-from = you were removed
group-members-add = Every member may add others.
group-admins-add = Only admins may add others.
group-members-rename = Every member may rename the group.
group-admins-rename = Only admins may rename the group.
member-admin = admin
member-no-contact = no contact of yours

send-usage = sealpost send WHO TEXT… [--also WHO]… [--wait SECONDS]
send-about = Send a message
send-help-text = The text, or - to read it from standard input
send-help-wait = How long to wait for the relay (default: 15)
send-help-also = Send it to this contact or group as well; may be given again
send-help-file = Send a file: not yet
send-not-to = Not yet to { $name }:
account-in-use = Another program is using this account; waiting for it …
passphrase-file-open = Others on this machine can read { $file }: "chmod 600" keeps it to you.
passphrase-file-empty = its first line is empty
send-done = To { $name }: { $state }

chat-usage = sealpost chat WHO
chat-about = Talk with a contact or in a group, live
chat-start = Conversation with { $name }. What you type is sent; /help shows the commands, /quit ends.
chat-help = /reply NUMBER TEXT, /edit [#NUMBER] TEXT, /delete [NUMBER], /react NUMBER EMOJI (without emoji: takes it back), /typing, /quit. The number stands before each message. A message that starts with a slash is typed with two.
chat-help-group = In a group also: /members, /add WHO, /remove WHO, /rename NAME, /admin WHO, /accept (an invitation), /leave.
chat-typing = { $name } is typing …
chat-online = Connected.
chat-offline = No connection. What you write waits here and is sent later.

watch-usage = sealpost watch [--resume NAME | --since POSITION] [--send]
watch-about = Tell everything that happens, as it comes, for bots
watch-help-resume = Go on where the watcher of this name stopped
watch-help-since = Go on behind this stream_position of an earlier line
watch-help-send = Also send what comes on standard input: JSON lines with "to" and "text"
watch-missed = What happened since then is not kept any more: read everything again with "sealpost inbox" or "export".
watch-connecting = Connecting …

search-usage = sealpost search WORDS… [--in WHO] [--from WHO] [--limit COUNT]
search-about = Search all messages on this device
search-help-words = Words that all have to be in a message; case and accents don't matter, quotes keep words together
search-help-in = Only in the conversation with this contact or group
search-help-from = Only what this person wrote; "me" for yourself
search-help-limit = How many of the newest hits are shown (default: 20)
search-looking = { $count } messages looked through …
search-found =
    { $count ->
        [one] One message.
       *[other] { $count } messages.
    }
search-found-more = The newest { $count }, and { $more } older: --limit shows more.

export-usage = sealpost export [WHO] --to FILE|- [--text] [--force]
export-about = Write contacts, conversations and messages into a file, in the clear
export-help-who = Only the conversation with this contact or group
export-help-to = The file, or - for standard output
export-help-text = As text for people instead of JSON lines
export-help-force = Replace a file that is there
export-writing = { $count } messages written …
export-done =
    { $count ->
        [one] One message is in { $file }.
       *[other] { $count } messages are in { $file }.
    }
export-warning = ! This file is not encrypted: whoever has it reads all of it. Keep it in a safe place and delete it when it is not needed.

privacy-usage = sealpost privacy [--reasons]
privacy-about = Show what your relay stores, who runs it, and where
privacy-help-reasons = Also where it is stored, why, and on which legal ground
privacy-relay = Relay: { $relay }
privacy-operator = Run by: { $operator }
privacy-region = Its data lies in: { $region }
privacy-unsaid = (the operator does not say)
privacy-head = What it says that it stores and logs (the relay's own words; messages themselves it can't read):
privacy-column-what = What
privacy-column-who = Who can read it
privacy-column-kept = For how long
privacy-more = --reasons shows the reason and the legal ground of each.

completions-usage = sealpost completions bash|zsh|fish
completions-about = Print what a shell needs to complete commands
completions-help-shell = bash, zsh or fish

man-usage = sealpost man [COMMAND…] [--to PATH]
man-about = Print a manual page, or write all of them into a folder
man-help-command = The command whose page is printed (default: that of sealpost)
man-help-to = The folder into which all pages are written
man-done =
    { $count ->
        [one] One page is in { $folder }.
       *[other] { $count } pages are in { $folder }.
    }
man-name = NAME
man-synopsis = SYNOPSIS
man-description = DESCRIPTION
man-extra = EXIT STATUS
man-version = VERSION

inbox-usage = sealpost inbox [WHO] [--watch] [--wait SECONDS]
inbox-about = Fetch messages and show conversations, or one of them
inbox-help-watch = Go on showing what comes in
inbox-help-wait = How long to wait for the relay (default: 10)
inbox-unread =
    { $count ->
        [one] One unread message.
       *[other] { $count } unread messages.
    }
inbox-watching = Waiting for messages. Ctrl-C ends.

serve-usage = sealpost serve [--data PATH] [--listen ADDRESS:PORT] [--private [--host HOST]]
serve-about = Start a relay
serve-help-data = The relay's data folder
serve-help-listen = Where it listens (default: 127.0.0.1:8443)
serve-help-private = Encrypt with a certificate authority of its own, made in the data folder
serve-help-host = The name or address in that certificate
serve-help-certificate = The relay's certificate chain, PEM
serve-help-key = The certificate's private key, PEM
serve-help-open = Let everybody register, even without a number
serve-help-operator = Who runs this relay, for its users to read
serve-help-region = Where its data lies, for its users to read
serve-listening = The relay is at { $address }
serve-data = Its data is in { $folder }
serve-register = Register there with: sealpost register { $command } --phone NUMBER
serve-codes = No SMS service is set up: the codes appear here.
serve-stop = Ctrl-C stops it.
serve-stopped = The relay has stopped.

## Full screen

screen-usage = sealpost screen [WHO]
screen-about = Conversations and messages on the whole terminal, by keyboard
screen-help-who = The contact or group that is opened at once
screen-hint = Choose a conversation with ↑ and ↓, open it with Enter. F1 shows all keys.
screen-hint-empty = Nobody has written yet. Ctrl-N begins a conversation with a contact; "sealpost contacts add" takes a card.
screen-too-small = Too small here
screen-today = today
screen-yesterday = yesterday
screen-unread-below = new
screen-answers-earlier = answers an earlier message
screen-more-below = ↓ more: Ctrl-End
screen-more-lines = ↓ more
screen-draft = Draft
screen-mark-request = request
screen-mark-invited = invited
screen-mark-muted = muted
screen-invited = you are invited
screen-request = { $name } wants to write to you: F5 accepts, F6 blocks
screen-invitation = { $name } invites you: F5 accepts, F6 declines
screen-replying = Reply to { $message } (Esc: don't)
screen-editing = Change #{ $number } (Esc: don't)
screen-keys-message = r reply, + react, e change, d delete, Esc back
screen-entry-full = The text is full. Send it, and go on in another message.
screen-nothing-to-accept = There is nothing to accept here.
screen-nothing-to-block = A group is not blocked: F4 mutes it, /leave leaves it.
screen-ask-block = Block { $name }? Nothing is told; what they send is dropped.
screen-ask-decline = Decline the invitation into { $name }?
screen-ask-delete = Delete #{ $number }, here and for the others? They may have read it.
screen-confirm-title = Sure?
screen-confirm-keys = Enter: yes    Esc: no
screen-react-title = Reaction to #{ $number }
screen-react-keys = A number sets it, 0 takes yours back. Others: /react NUMBER EMOJI
screen-pick-title = Talk with …
screen-pick-none = No contacts yet. "sealpost contacts add CARD" adds the first.
screen-pick-nobody = Nobody and no group is called like that.
screen-search-here = Search in { $name }
screen-search-all = Search everywhere
screen-search-keys = Enter searches, Tab changes between this conversation and all.
screen-search-none = Nothing found.
screen-search-found =
    { $count ->
        [one] 1 message. Enter goes there.
       *[other] { $count } messages. Enter goes there.
    }
screen-search-cut = There may be more: only the newest were looked through.
screen-muted = Muted: it makes no noise any more.
screen-unmuted = Not muted any more.
screen-online = connected
screen-connecting = connecting
screen-offline = no connection
screen-refused = connection refused
screen-suspended = suspended by the operator
screen-waiting =
    { $count ->
        [one] 1 waits
       *[other] { $count } wait
    }
screen-help-key = F1 help
screen-alarm-key = ALARM: other key of { $name }
screen-alarm-copied = ALARM: this account is a copy. See sealpost id
screen-alarm-retired = This ID has ended
screen-alarm-retires = This ID ends at { $time }. See sealpost id
screen-help-title = Keys (Esc closes)
screen-help-everywhere = Everywhere | Tab: entry, list, messages | Alt-↑ Alt-↓: conversation above, below | PgUp PgDn: scroll, Ctrl-End: newest | Ctrl-N: talk with …, Ctrl-F: search | F2: who is in it, with trust | F4: mute or not | F5: accept, F6: block or decline | Ctrl-L: draw anew, Ctrl-Z: to the shell, Ctrl-C: end (what you were writing is kept)
screen-help-list = In the list | ↑ ↓ Enter: choose, open | n: talk with …, /: search everywhere, p: people | m: mute, a: accept, b: block, q: end, ?: this help
screen-help-messages = In the messages (↑ from the entry, or Ctrl-↑) | ↑ ↓: choose, End: newest | r or Enter: reply, +: react | e: change, d: delete (your own)
screen-help-entry = In the entry | Enter: send, Alt-Enter or Ctrl-J: new line | Ctrl-← Ctrl-→: by words, Ctrl-A Ctrl-E: start, end of the line | Ctrl-W Ctrl-U Ctrl-K: delete the word, the line before, behind

## Questions

ask-name = Your name, as contacts shall see it:
ask-delete = This can't be undone: your groups are left, and nobody reaches { $id } any more. Enter the ID once more to delete the account:
ask-code = Code from the SMS:
ask-passphrase = Passphrase:
ask-new-passphrase = New passphrase (at least 8 characters):
ask-passphrase-again = Once more:

## Messages

you = You
message-answers = answers
message-edited = edited
message-deleted = (deleted)
message-unsupported = (not supported by this version; kept for a newer one)
message-unopened = (could not be opened; its author was asked to send it again)
system-secured-anew = The conversation was secured anew.
system-key-alarm = ALARM: another key was shown for this ID. Nothing is sent any more.
system-peer-retired = This ID has ended. What was not delivered can be sent to the new ID.
happened-created = { $by } created the group.
happened-created-by-you = You created the group.
happened-joined = { $by } added you to the group.
happened-added = { $by } added { $member }.
happened-added-by-you = You added { $member }.
happened-not-added = { $member } could not be added: the relay served no key, or the mailbox took nothing.
happened-removed = { $by } removed { $member }.
happened-removed-by-you = You removed { $member }, who reads nothing that is sent from now on.
happened-removed-you = { $by } removed you. What was said until now stays here.
happened-left = { $member } left the group.
happened-left-you = You left the group. What was said until now stays here.
happened-came-back = { $member } had lost the group's keys and was added afresh.
happened-renamed = { $by } named the group "{ $name }".
happened-renamed-by-you = You named the group "{ $name }".
happened-became-admin = { $by } made { $member } an admin.
happened-became-admin-by-you = You made { $member } an admin.
happened-became-admin-you = You are an admin of the group now.
happened-stopped-being-admin = { $by } took the admin's rights from { $member }.
happened-stopped-being-admin-by-you = You took the admin's rights from { $member }.
happened-stopped-being-admin-you = You are no admin of the group any more.
happened-policy-changed = { $by } changed what members may do.
happened-policy-changed-by-you = You changed what members may do.
happened-created-anew = { $by } created the group anew.
happened-created-anew-by-you = You created the group anew.
happened-torn = This device can't follow the group any more, and has asked to be added afresh.
happened-gave-up = Nobody has added this device afresh for a week: it is out of the group. Ask a member to add you again.
happened-could-not-follow = { $by } can't follow a change that { $member } made, and has asked to be added afresh.
happened-could-not-follow-you = { $by } can't follow a change that you made, and has asked to be added afresh.
happened-back-again = This device was added afresh: what was said in between may be missing.
happened-key-alarm = ALARM: { $member } is in the group with another key than the one known. Nothing is sent before { $member } is removed. Meet and compare fingerprints.
happened-retired = The ID of { $member } has ended: nothing reaches it any more.
conversation-empty = (no messages)
conversation-unread =
    { $count ->
        [one] 1 unread
       *[other] { $count } unread
    }
state-received = received
state-waiting = waiting
state-sending = on its way
state-sent = sent
state-sent-but = sent, not yet to { $count } of { $others }
state-delivered = delivered
state-read = read
failed-needs-new-card = stopped: ask for a new card
failed-key-alarm = stopped: other key
failed-too-old-version = stopped: update Sealpost
failed-mailbox-full = mailbox full, is tried again
failed-retired = stopped: this ID has ended
failed-blocked = stopped: blocked
failed-no-downgrade = stopped: a promised strong key is missing
failed-refused = refused
failed-not-a-member = stopped: not a member any more

## Errors: what happened, what was kept, what to do next

error-no-account = There is no account in this place, and nothing was changed. "sealpost init" makes one; --account names another.
error-account-exists = There is an account in this place already; it was not touched. --account NAME makes another one.
error-in-use = Another program is using this account. Nothing was changed. End it, or wait for its end.
error-wrong-key = The key in the keyring does not open this account. The account was not touched. Is it the right keyring, and the right folder?
error-wrong-passphrase = This passphrase is wrong. Nothing was changed. Try again.
error-vault-unavailable = The keyring can't be used ({ $detail }). Nothing was changed. Unlock it, or make an account with --vault passphrase.
error-damaged = The account's files are damaged ({ $detail }). They were left as they are; copy the folder before you try anything else.
error-newer-version = A newer version of Sealpost wrote this account. It was not touched. Update Sealpost.
error-disk-full = The disk is full. The last step was not done; everything before it is kept. Make room and try again.
error-read-only = The account's files can't be written ({ $detail }). Nothing was changed. Check the folder's permissions.
error-not-registered = This account is not registered yet; it is kept on this device. Next: sealpost register
error-already-registered = This account is registered already; nothing was changed. "sealpost id" shows where.
error-copied-device = This folder is a copy, or was restored: the relay has seen a newer session. What is stored here can still be read. Go on with the original. Or, if this one is to be the only one, say "sealpost id start-over".
error-retired = This ID has ended, since its number was registered anew or the account was deleted. What is stored here can still be read. Make a new account with "sealpost init".
error-presence-denied = It was not confirmed that you are there, so nothing was shown. Try again.
error-invalid-number = This is no phone number in international form, such as +4917604069001. Nothing was sent.
error-invalid-id = This is no ID: it has 8 digits and letters. Nothing was changed.
error-invalid-card = This card can't be used ({ $reason }). No contact was added. Ask for the card once more.
error-invalid-invitation = This invitation can't be used ({ $reason }). Nothing was sent. Ask for a new one.
error-invalid-relay = This is no usable address of a relay ({ $reason }). Nothing was sent. Check how it is written.
error-other-relay = This card belongs to another relay. No contact was added. Both need an account at the same relay.
error-own-card = This is your own card. No contact was added. Ask the other for a card.
error-key-changed = ALARM: this card shows another key than the one known for this ID. Nothing was changed. Do not go on; meet the person and compare fingerprints.
error-empty = There is nothing to send.
error-too-long = This is too long: at most { $limit } bytes. Nothing was sent. Split it.
error-unknown-contact = There is no such contact. Nothing was changed. "sealpost contacts" lists all.
error-unknown-conversation = There is no such conversation. Nothing was changed.
error-unknown-message = There is no such message. Nothing was changed. The number stands before each message.
error-not-yours = Only its author can do that. Nothing was changed.
error-blocked = This contact is blocked, so nothing is sent. "sealpost contacts unblock" lifts it.
error-not-a-group = This conversation is not a group. Nothing was changed. "sealpost groups" lists all groups.
error-not-a-member = Only members of the group can do that, and only with members. Nothing was changed. "sealpost groups show" tells who is in it; a member can add you again.
error-not-admin = Only admins of the group can do that. Nothing was changed. "sealpost groups show" tells who they are.
error-last-admin = A group needs an admin, and this is the only one. Nothing was changed. Make somebody else an admin first: sealpost groups admin
error-too-many =
    { $limit ->
        [one] Too many: at most one. Nothing was changed. Take some out first.
       *[other] Too many: at most { $limit }. Nothing was changed. Take some out first, or make a second group.
    }
error-unreachable = The relay can't be reached ({ $detail }). Everything is kept on this device. Check address and network, and try again.
error-certificate-refused = The relay's certificate is not trusted ({ $detail }). Nothing was sent. If the relay has an authority of its own, ask its operator for the --pin.
error-stopped = Stopped. What was done before is kept.
error-code-wrong =
    { $tries ->
        [one] The code is wrong. One try is left.
       *[other] The code is wrong. { $tries } tries are left; with none left, run the command again for a new code.
    }
error-code-expired = The code has expired or was used up. The account is kept. Ask for a new one by running the command again.
error-country-not-allowed = This relay sends no codes to this country. Nothing was sent. Its operator can allow it, or invite you.
error-sms-failed = The relay could not send the SMS. The account is kept. Try again in a few minutes.
error-invitation-refused = This invitation is unknown, used or expired. The account is kept. Ask for a new one.
error-registration-closed = This relay takes no new accounts in this way. The account is kept. Ask its operator which way is open.
error-too-many-requests =
    { $seconds ->
        [one] Too often. Nothing is lost; try again in one second.
       *[other] Too often. Nothing is lost; try again in { $seconds } seconds.
    }
error-too-old-version = The relay does not take this version any more. Everything is kept and sent after the update. Update Sealpost.
error-account-suspended = The relay's operator has suspended this account. Everything is kept, and goes on when they resume it. Ask them: sealpost privacy shows who they are.
error-refused = The relay refused ({ $code }: { $detail }). Everything is kept on this device.
error-internal = Something went wrong inside ({ $detail }). What was stored before is kept. Please report it.
error-waiting = No connection yet: the message waits in the outbox and is sent with the next connection. Nothing is lost.
error-change-waiting = Not done yet: the change waits in the outbox and is made with the next connection. Nothing is lost.
error-not-added = Not added: { $names }. The others are in the group. Ask for a new card, or try again once they were online.
error-not-connected = The relay was not reached in time. Everything is kept on this device. Try again later.
error-displaced = Another program connected with this account and took over. Nothing is lost. Go on there.
error-not-confirmed = The ID was not entered; nothing was deleted. Where nobody can be asked, say --yes.
error-account-refused = The relay refuses this account. Everything is kept on this device. "sealpost id" shows why.
error-needs-new-card = The contact does not take messages under this card any more. The message is kept, and is sent once you add the contact's new card.
error-key-alarm = ALARM: the relay showed another key for this contact. The message is kept and was not sent. Meet the person and compare fingerprints.
error-mailbox-full = The contact's mailbox is full. The message is kept and tried again.
error-contact-retired = This contact's ID has ended. The message is kept and was not sent. Ask the person for a card with the new ID.
error-no-downgrade = A post-quantum key was promised for this contact and is missing. The message is kept and was not sent with a weaker one. Let the contact go online once, or ask for a new card.
error-message-refused = The relay refuses this message for good. It is kept in the conversation. Try a shorter one, or ask the relay's operator.
error-account-name = This can't be the name of an account. Use letters and digits, or a path with a slash.
error-no-home = There is no home folder to keep the account in. Set SEALPOST_HOME, or give --account a path.
error-passphrase-missing = The passphrase is missing and nobody can be asked. Nothing was changed. For scripts, set SEALPOST_PASSPHRASE.
error-passphrase-file = The passphrase can't be read from { $file } ({ $detail }). Nothing was changed. Check the file and its permissions.
error-no-words = There is nothing to search for. Give at least one word.
error-no-files-yet = Files can't be sent yet; nothing was sent. Send a text for now.
error-order-unclear = This is no order: a line has "text" and either "to" or "conversation". Nothing was sent.
error-output-closed = The output can't be written any more ({ $detail }). What was not written out is told again next time.
error-export-exists = { $file } is there already; it was not touched. Give another name, or --force to replace it.
error-export-unwritable = { $file } can't be written ({ $detail }). Nothing of it is left. Make room or choose another place, and try again.
error-no-manual = There is no page for "{ $command }". "sealpost --help" lists the commands.
error-manual-unwritable = The pages can't be written to { $folder } ({ $detail }). Choose another folder, or make this one writable.
error-passphrase-short = The passphrase is too short: at least 8 characters. Nothing was made.
error-passphrase-differs = The two passphrases differ. Nothing was made. Try again.
error-code-missing = The code is missing. It is on its way by SMS; run the command again with --code CODE.
error-invalid-pin = A pin has 64 hexadecimal digits. Nothing was sent. The relay's operator gives it to you.
error-ambiguous-name = More than one contact is called "{ $name }". Nothing was changed. Use the ID; "sealpost contacts" shows it.
error-ambiguous-group = More than one group is called "{ $name }", or begins like that. Nothing was changed. Use more of the ID; "sealpost groups" shows it.
error-ambiguous-member = More than one member is called "{ $name }". Nothing was changed. Use the ID; "sealpost groups show" tells it.
error-contact-or-group = "{ $name }" is a contact ({ $contact }) and a group ({ $group }). Nothing was changed. Use the ID of the one that you mean.
error-unknown-person = No contact has the ID or the name "{ $name }". Nothing was changed. "sealpost contacts" lists all.
error-unknown-group = No group has the name "{ $name }", or an ID that begins like that. Nothing was changed. "sealpost groups" lists all.
error-unknown-member = No member has the ID or the name "{ $name }". Nothing was changed. "sealpost groups show" tells who is in the group.
error-unknown-conversation-name = No contact and no group has the ID or the name "{ $name }". Nothing was changed. "sealpost contacts" and "sealpost groups" list all.
error-card-too-large = The card does not fit into a QR code. Use the link.
error-chat-command = "{ $entry }" is no command here and was not sent. /help shows them.
error-needs-terminal = The full screen needs a terminal. Nothing was done. Scripts use "sealpost send" and "sealpost inbox --json".
error-terminal-unusable = The terminal can't be used ({ $detail }). What was sent and written is kept. "sealpost chat" needs less of it.
error-input-unreadable = The input can't be read ({ $detail }). Nothing was sent.
error-listen-address = "{ $address }" is no address to listen on, such as 127.0.0.1:8443.
error-relay-failed = The relay can't run ({ $detail }). Its data was left as it is.
error-demo-failed = The demo did not come to its end ({ $detail }). Its temporary folder was removed.
error-demo-removed-reads = Whoever was removed from the group ({ $name }) still takes part in it. This must not be; please report it.
error-demo-readable =
    { $hits ->
        [one] The search found one readable place at the relay. This must not be; please report it.
       *[other] The search found { $hits } readable places at the relay. This must not be; please report it.
    }

## Demo

demo-usage = sealpost demo
demo-about = Watch three people and a relay, on this machine, in under a minute
demo-title = Sealpost: three people, a relay, and what it cannot read
demo-folder = Everything happens on this machine, in { $folder }; it is removed at the end.
demo-step-relay = A relay starts
demo-relay-runs = It listens at { $address }, a real process with its own data folder.
demo-relay-pin = It has a certificate authority of its own; the devices believe no other ({ $pin }…).
demo-step-register = Two people register by phone number
demo-registered = { $name }, { $number }: code { $code } by SMS, ID { $id } made on the device
demo-step-cards = They exchange contact cards
demo-card = { $name } ⇒ { $other }: { $card }…
demo-step-talk = They talk
demo-text-hello = Hello! This sentence is sealed on my device.
demo-text-answer = And opened on mine. The relay saw neither.
demo-state-sent = ✓ sent
demo-state-waiting = … waits on the device
demo-state-killed = … kept on the device
demo-reads = { $name } reads: { $text }
demo-step-cut = The network is cut, and a program is killed
demo-network-cut = No connection to the relay any more.
demo-text-offline = Written without a network, in the train.
demo-text-killed = Written just before the power went.
demo-client-killed = { $name }'s program (process { $process }) was ended with kill -9 in the middle of it.
demo-step-back = The network is back, and the relay is killed
demo-network-back = The connection is there again.
demo-outbox-left = { $name }'s device starts again, and what waited leaves.
demo-relay-killed = The relay (process { $process }) was ended with kill -9 before anybody fetched, and started again.
demo-all-once = Everything arrived: each message once, in order.
demo-step-third = A third person comes
demo-step-group = They found a group
demo-group-name = Choir by the canal
demo-group-made = "{ $name }": { $people }
demo-group-joined = { $name } fetched the invitation from a contact, and is in.
demo-text-group-one = Welcome, all three of us!
demo-text-group-two = Shall we sing on Thursday?
demo-text-group-three = Thursday is fine with me.
demo-group-heard = Each message was sealed once and opened by two. { $name } and { $other } never gave each other a card.
demo-step-removed = One of them is removed
demo-removed = { $other } removes { $name }: the group has new keys.
demo-text-removed = The surprise is on Friday.
demo-text-removed-answer = Not a word to anybody!
demo-removed-mailbox = { $name }'s mailbox was asked: deliveries that wait there: { $count }, the news of it, and neither of the two messages.
demo-removed-device = { $name }'s device was asked: it fetched what waits, shows { $texts } messages and none of these two, and may not send any more.
demo-step-look = What the relay holds
demo-text-waiting = This one waits at the relay while we search it.
demo-waits-there = { $name } is offline, so it waits at the relay. These are the relay's rows:
demo-row-account = IDs, public keys, a keyed hash of each number
demo-row-code = codes of today, as keyed hashes
demo-row-codes-a-day = how many codes were sent today
demo-row-delivered = hashes that tell a repeated delivery
demo-row-key-package = public keys to start conversations with
demo-row-mailbox = how much waits for whom
demo-row-message = which sealed payload waits in which mailbox
demo-row-payload = sealed and padded bytes
demo-row-relay = when the relay was last restored
demo-row-slot = sealed key changes under random names
demo-row-token = hashes of the random tokens that let contacts write
demo-tables-empty =
    { $count ->
        [one] (and one empty table)
       *[other] (and { $count } empty tables)
    }
demo-step-search = A search for everything that was said
demo-text-control = This sentence was planted.
demo-control-found = First a control: "{ $text }" was put into its folder, and found (1 hit).
demo-searched = Now every message, name and number: { $needles } texts, in 10 encodings, through { $files } files ({ $size } KiB).
demo-hits =
    { $count ->
        [one] 1 hit
       *[other] { $count } hits
    }
demo-step-last = And the message that waited
demo-done =
    { $seconds ->
        [one] Done in one second.
       *[other] Done in { $seconds } seconds.
    }
demo-by-hand = The same by hand, in three terminals ("sealpost" is target/debug/sealpost):
demo-by-hand-note = CARD is the link that terminal 2 shows; the code of each SMS appears in terminal 1.
