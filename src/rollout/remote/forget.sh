# Removes what is needed only until systems are copied, whereupon the garbage collector may remove them. nixpkgs stays for the next build.
# Without the lock: a build that outlived its connection would hold it, and nobody copies what that one builds.
# builds: folder of builds for other hosts
rm -rf "$builds/hosts"
