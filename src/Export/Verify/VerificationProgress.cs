namespace OnnxFunctional.Export.Verify;

/// <summary>Tells how far a verification is, once it takes longer than a user would wait without a sign.</summary>
/// <param name="options">Whom to tell.</param>
/// <param name="steps">The number of steps in all.</param>
/// <param name="time">The clock.</param>
internal sealed class VerificationProgress(ExportOptions options, int steps, TimeProvider time)
{
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(2);

    private readonly long _started = time.GetTimestamp();
    private TimeSpan _told;
    private int _done;

    /// <summary>Notes that a step is done; tells it at most every two seconds.</summary>
    public void Step(string what)
    {
        _done++;
        var elapsed = time.GetElapsedTime(_started);
        if (elapsed - _told < s_silence) return;
        _told = elapsed;
        var line = $"Verifying, {elapsed.TotalSeconds:F0} s: step {_done} of {steps}, {what}";
        if (options.Progress is { } tell) tell(line);
        else if (!Console.IsErrorRedirected) Console.Error.WriteLine(line);
    }
}
