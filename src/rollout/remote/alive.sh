report alive yes
