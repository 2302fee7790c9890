# path: where K3s looks for the token
if [ -s "$path" ]; then say token there; else say token missing; fi
