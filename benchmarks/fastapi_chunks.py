"""A route for the benchmark of streaming, copied into a baked project: chunks of any number, size and pace."""

import asyncio
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from fastapiapp import app


@app.get("/chunks/{count}/{size}/{pause}")
async def chunks(count: int, size: int, pause: int) -> StreamingResponse:
    """Send so many chunks of so many bytes, with so many milliseconds between them."""

    async def generate() -> AsyncIterator[bytes]:
        for number in range(count):
            if number:
                await asyncio.sleep(pause / 1000)
            yield bytes(size)

    return StreamingResponse(generate(), media_type="application/octet-stream")
