say alive yes
