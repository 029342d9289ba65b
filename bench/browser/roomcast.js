/** A viewer joins a room of roomcast by the SDK, as any page does. */
import { Roomcast } from "/sdk/roomcast.js";

/** @param {{url: string, token: string}} access */
export async function join({ url, token }) {
  const room = await Roomcast.join(url, token, { slots: { audio: 1, video: 1, screen: 0 } });
  const { timings } = room;
  while (timings.firstFrame === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  await room.leave();
  return timings.firstFrame - timings.webSocketOpened;
}
