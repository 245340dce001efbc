namespace OnnxFunctional.Serialization;

/// <summary>Collects the problems found in a file, so that one message reports them all.</summary>
internal sealed class ReadProblems
{
    // A broken file may repeat one problem for every layer; the first ones are enough to understand it.
    private const int MaxShown = 20;

    private readonly List<string> _sentences = [];

    public bool Any => _sentences.Count > 0;

    public void Add(string sentence) => _sentences.Add(sentence);

    public void ThrowIfAny(string what)
    {
        if (_sentences.Count == 0) return;
        var shown = _sentences.Distinct().ToList();
        var more = shown.Count > MaxShown ? $"{Environment.NewLine}- and {shown.Count - MaxShown} more" : "";
        var lines = string.Concat(shown.Take(MaxShown).Select(sentence => Environment.NewLine + "- " + sentence));
        throw new ModelException(shown.Count == 1 ? what + ": " + shown[0] : what + ":" + lines + more) { NamesLayer = true };
    }
}
