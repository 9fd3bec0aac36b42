// The raters' component: it shows the view that its data names and keeps it while the data change.

import { EndingView } from "./ending.js";
import { ItemView } from "./item.js";
import { dressPage } from "./page.js";

class PlainView {
  update() {}

  close() {}
}

const VIEWS = { item: ItemView, ending: EndingView, plain: PlainView };
const shown = new WeakMap();

export default async function show({ data: [data], parentElement, setTriggerValue }) {
  await dressPage(data);
  let view = shown.get(parentElement);
  if (!view) {
    view = new VIEWS[data.view](parentElement, setTriggerValue);
    shown.set(parentElement, view);
  }
  view.update(data);
  // Streamlit also calls this when newer data overtook these; the view is then still in use.
  return () => {
    if (!parentElement.isConnected) view.close();
  };
}
