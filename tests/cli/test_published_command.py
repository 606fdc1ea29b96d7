"""`supple published`: numbers from the literature, with what they mean."""


def test_list(shell):
    out, _ = shell("published")
    for word in ("glycine", "rmd17_azobenzene", "10.1063/5.0038516", "100 to 1000", "unpublished"):
        assert word in out


def test_one_data_set(shell):
    out, _ = shell("published", "glycine")
    assert "0.57" in out
    assert "RMSE; energies per molecule, forces per Cartesian component" in out
    assert "read off the figures" in out


def test_json(shell):
    every, glycine = shell.json("published")["series"], shell.json("published", "glycine")["series"]
    assert {one["dataset"] for one in glycine} == {"glycine"}
    assert len(every) > len(glycine)
    assert all(one["source"]["definition"] and one["source"]["split"] for one in every)


def test_unknown_data(shell):
    assert "There are no published errors for 'water': choose one of glycine" in shell.refused("published", "water")
