using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>
/// What a user should know although nothing failed. Each warning is given once per object it is about, a layer or a file that was opened, not once per batch.
/// </summary>
/// <remarks>
/// Without a handler, warnings are written to standard error, as Keras' are. With handlers, only these get them; an empty one silences all.
/// Handlers run on the thread that met the reason and may not use the model it is about.
/// </remarks>
/// <example><code>Warnings.Raised += warning => logger.LogWarning("{Kind}: {Message}", warning.Kind, warning.Message);</code></example>
public static class Warnings
{
    private static readonly ConditionalWeakTable<object, HashSet<WarningKind>> s_given = [];

    [ThreadStatic]
    private static int s_silenced;

    /// <summary>Receives the warnings of all models of the process.</summary>
    public static event Action<ModelWarning>? Raised;

    /// <summary>Gives a warning, unless this owner had one of its kind.</summary>
    /// <param name="owner">What the warning is about.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="message">Makes the sentence.</param>
    /// <returns>Whether the owner has had the warning by now; false within <see cref="Silently"/>.</returns>
    internal static bool Once(object owner, WarningKind kind, Func<string> message)
    {
        if (s_silenced > 0) return false;
        var given = s_given.GetOrCreateValue(owner);
        lock (given)
        {
            if (!given.Add(kind)) return true;
        }

        var warning = new ModelWarning(kind, message());
        if (Raised is { } handlers) handlers(warning);
        else Console.Error.WriteLine(warning);
        return true;
    }

    /// <summary>Runs what computes on numbers that are not the user's, as verification does, without warnings of this thread.</summary>
    internal static T Silently<T>(Func<T> action)
    {
        s_silenced++;
        try
        {
            return action();
        }
        finally
        {
            s_silenced--;
        }
    }
}
