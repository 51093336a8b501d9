import { useEffect, useRef } from 'preact/hooks';

const KEYS: [string, string][] = [
  ['← →', 'cross-hair by one row; with Shift by ten'],
  ['↑ ↓  + −', 'zoom in, zoom out'],
  ['Page ↑ ↓', 'one screen back, forward'],
  ['Home', 'everything that is loaded'],
  ['End', 'the newest rows'],
  ['Esc', 'no cross-hair'],
  ['1 … 7', 'resolution, from 1 s rolling to 1 d'],
  ['c', 'CVD continuous or per trade date'],
  ['v', 'volume at price'],
  ['i', 'columns of the row'],
  ['t', 'table instead of chart'],
  ['?', 'this list'],
];

export function KeysHelp({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">Keys</h2>
      <p>The first six act on the chart that has the focus.</p>
      <dl>
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
