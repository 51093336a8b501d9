import type { ComponentChildren } from 'preact';

// What is wrong, or that there is nothing to show and why.
export function Problem({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <span>{text}</span>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

// Of an answer that is not there yet: what went wrong, or that it is awaited.
export function Waiting({ error, retry }: { error: string | null; retry?: () => void }) {
  if (error) return <Problem text={error} {...(retry ? { retry } : {})} />;
  return (
    <p class="empty" aria-busy="true">
      Loading…
    </p>
  );
}
