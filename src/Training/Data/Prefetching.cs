using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Creates elements in advance on another thread.</summary>
internal static class Prefetching
{
    /// <summary>The same elements. The thread ends with the last element, with the first error, or when the consumer stops.</summary>
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
                // If the consumer stopped, the exception is only its cancellation.
                if (!token.IsCancellationRequested) failure = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                ready.CompleteAdding();
            }
        }
    }
}
