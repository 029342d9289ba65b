/** The start page: start a room, or join one by its link. */

import { byId } from "./dom.js";
import { explain } from "./error-texts.js";
import { drawIcons } from "./icons.js";
import { destinationOf, roomPath } from "./invitation.js";
import { serverConfig, startRoom } from "./server.js";

const startButton = byId("start-button", HTMLButtonElement);
const problem = byId("start-problem", HTMLElement);
const linkForm = byId("link-form", HTMLFormElement);
const linkText = byId("link-text", HTMLInputElement);
const linkProblem = byId("link-problem", HTMLElement);

async function start() {
  startButton.disabled = true;
  startButton.classList.add("is-busy");
  problem.textContent = "";
  try {
    const { room_id, token } = await startRoom();
    location.assign(`${roomPath(room_id)}#${new URLSearchParams({ token })}`);
  } catch (error) {
    const { title, advice } = explain(error);
    problem.textContent = `${title}. ${advice}`;
    startButton.disabled = false;
    startButton.classList.remove("is-busy");
  }
}

/** @param {SubmitEvent} event */
function join(event) {
  event.preventDefault();
  const destination = destinationOf(linkText.value, location.origin);
  if (destination === null) {
    linkProblem.textContent = "This is no link to a room of this server. Paste the whole link that you were sent.";
    linkText.setAttribute("aria-invalid", "true");
    linkText.focus();
    return;
  }
  location.assign(destination);
}

async function drawMode() {
  try {
    const { local_mode } = await serverConfig();
    byId("start-here", HTMLElement).hidden = !local_mode;
    byId("start-elsewhere", HTMLElement).hidden = local_mode;
  } catch (error) {
    const { title, advice } = explain(error);
    problem.textContent = `${title}. ${advice}`;
  }
}

drawIcons();
startButton.onclick = start;
linkForm.onsubmit = join;
linkText.oninput = () => {
  linkProblem.textContent = "";
  linkText.removeAttribute("aria-invalid");
};
// Coming back by the browser's back button finds the page as it was left.
window.addEventListener("pageshow", () => {
  startButton.disabled = false;
  startButton.classList.remove("is-busy");
});
drawMode();
