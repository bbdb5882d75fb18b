from anenas.cli import main

main()
