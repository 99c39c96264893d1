mod fragments;
