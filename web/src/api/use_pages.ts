// A list that the API gives page by page.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { get, isAbort, problemText, type Parameters } from './client';

interface Page {
  next: string | null;
}

export interface Pages<T> {
  pages: T[];
  error: string | null;
  loading: boolean;
  hasMore: boolean;
  more: () => void;
  restart: () => void;
}

export function usePages<T extends Page>(path: string, limit: number): Pages<T> {
  const [pages, setPages] = useState<T[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  const after = pages[pages.length - 1]?.next ?? null;

  const load = useCallback(
    async (from: string | null, signal?: AbortSignal) => {
      setLoading(true);
      try {
        const parameters: Parameters = { limit, after: from };
        const page = await get<T>(path, parameters, signal);
        setPages((old) => (from === null ? [page] : [...old, page]));
        setError(null);
      } catch (problem) {
        if (isAbort(problem)) return;
        setError(problemText(problem));
      }
      setLoading(false);
    },
    [path, limit],
  );
  useEffect(() => {
    const abort = new AbortController();
    void load(null, abort.signal);
    return () => abort.abort();
  }, [load]);

  return {
    pages,
    error,
    loading,
    hasMore: pages.length > 0 && after !== null,
    more: () => void load(after),
    restart: () => void load(null),
  };
}
