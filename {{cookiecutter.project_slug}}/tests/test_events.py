def test_streams_five_events(client, monkeypatch):
    monkeypatch.setattr("{{ cookiecutter.__package }}.events.SECONDS_BETWEEN_EVENTS", 0)
    response = client.get("/stream")
    assert response.status_code == 200
    events = [line for line in response.text.splitlines() if line]
    assert events == [f"data: event {number} of 5" for number in range(1, 6)]
