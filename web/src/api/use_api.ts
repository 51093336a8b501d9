// An answer of the API that a component follows.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { address, get, isAbort, problemText, type Parameters } from './client';

export interface Answer<T> {
  data: T | null; // the last good one, also while a newer one is awaited or fails
  error: string | null;
  loading: boolean;
  reload: () => void;
}

// `everyMs`: asks again so often while the page can be seen. A null path asks nothing.
export function useApi<T>(
  path: string | null,
  parameters: Parameters = {},
  everyMs = 0,
): Answer<T> {
  const url = path === null ? null : address(path, parameters);
  const [state, setState] = useState<{ url: string | null; data: T | null; error: string | null }>({
    url: null,
    data: null,
    error: null,
  });
  const [loading, setLoading] = useState(false);
  const running = useRef<AbortController | null>(null);

  const load = useCallback(async () => {
    if (url === null) return;
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setLoading(true);
    try {
      const data = await get<T>(url, {}, abort.signal);
      setState({ url, data, error: null });
    } catch (error) {
      if (isAbort(error)) return;
      setState((old) => ({
        url,
        data: old.url === url ? old.data : null,
        error: problemText(error),
      }));
    }
    setLoading(false);
  }, [url]);

  useEffect(() => {
    void load();
    const timer = everyMs > 0 ? setInterval(() => document.hidden || void load(), everyMs) : 0;
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [load, everyMs]);

  return { data: state.data, error: state.error, loading, reload: () => void load() };
}
