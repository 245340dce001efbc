using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Elements made ahead on a thread of their own.</summary>
internal static class Prefetching
{
    /// <summary>The same elements; the thread ends with them, with its first error, or when nobody asks any more.</summary>
    public static IEnumerable<T> Ahead<T>(IEnumerable<T> items, int count)
    {
        using var stop = new CancellationTokenSource();
        using var ready = new BlockingCollection<T>(count);
        ExceptionDispatchInfo? failure = null;
        var token = stop.Token;
        var thread = new Thread(Make) { IsBackground = true, Name = "dataset" };
        thread.Start();
        try
        {
            foreach (var item in ready.GetConsumingEnumerable()) yield return item;
            failure?.Throw();
        }
        finally
        {
            stop.Cancel();
            thread.Join();
        }

        void Make()
        {
            try
            {
                foreach (var item in items) ready.Add(item, token);
            }
            catch (Exception error)
            {
                // When nobody asks any more, that is what stopped it.
                if (!token.IsCancellationRequested) failure = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                ready.CompleteAdding();
            }
        }
    }
}
