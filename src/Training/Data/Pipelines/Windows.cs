namespace OnnxFunctional.Training.Data;

/// <summary>Groups of elements that follow each other.</summary>
internal static class Windows
{
    /// <summary>Windows as <see cref="Dataset{T}.Window"/> describes them.</summary>
    public static IEnumerable<Deferred<IReadOnlyList<T>>> Of<T>(IEnumerable<Deferred<T>> items, int size, int shift, int stride, bool dropRemainder)
    {
        var span = ((long)(size - 1) * stride) + 1;
        var held = new Queue<Deferred<T>>();
        var skipped = 0L;
        foreach (var item in items)
        {
            if (skipped > 0)
            {
                skipped--;
                continue;
            }

            held.Enqueue(shift < span ? new Reused<T>(item) : item);
            if (held.Count < span) continue;
            yield return First();
            Advance();
        }

        if (dropRemainder) yield break;
        while (held.Count > 0)
        {
            yield return First();
            Advance();
        }

        Deferred<IReadOnlyList<T>> First() => new Listed<T>([.. held.Where((_, i) => i % stride == 0).Take(size)]);

        void Advance()
        {
            for (var i = 0; i < shift; i++)
            {
                if (!held.TryDequeue(out _)) skipped++;
            }
        }
    }
}
