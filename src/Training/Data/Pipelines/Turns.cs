namespace OnnxFunctional.Training.Data;

/// <summary>Sequences that take turns.</summary>
internal static class Turns
{
    /// <summary>The elements of the sequences that a function makes of items.</summary>
    /// <param name="items">The items.</param>
    /// <param name="open">Makes a sequence of an item, once the item's turn has come.</param>
    /// <param name="cycle">How many sequences take turns.</param>
    /// <param name="block">The elements of a turn. A sequence that ends gives up its turn, and the next item takes its place in the next round.</param>
    public static IEnumerable<TResult> Of<T, TResult>(IEnumerable<T> items, Func<T, IEnumerable<TResult>> open, int cycle, int block)
    {
        using var source = items.GetEnumerator();
        var places = new List<IEnumerator<TResult>?>();
        try
        {
            var isOver = false;
            for (var any = true; any;)
            {
                any = false;
                for (var place = 0; place < cycle; place++)
                {
                    if (place == places.Count) places.Add(null);
                    if (places[place] is null && !isOver)
                    {
                        isOver = !source.MoveNext();
                        if (!isOver) places[place] = open(source.Current).GetEnumerator();
                    }

                    if (places[place] is not { } turn) continue;
                    any = true;
                    for (var i = 0; i < block; i++)
                    {
                        if (turn.MoveNext())
                        {
                            yield return turn.Current;
                            continue;
                        }

                        turn.Dispose();
                        places[place] = null;
                        break;
                    }
                }
            }
        }
        finally
        {
            foreach (var turn in places) turn?.Dispose();
        }
    }
}
