"""What goes into files and comes from them: exports, board packs, briefings, registers and imports."""
