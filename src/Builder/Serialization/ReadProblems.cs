namespace OnnxFunctional.Serialization;

/// <summary>A problem of a value that many places may have: its message is the same for all.</summary>
internal sealed class CommonProblemException(string message) : ModelException(message);

/// <summary>Collects the problems found in a file, so that one message reports them all.</summary>
internal sealed class ReadProblems
{
    // A broken file may repeat one problem for every layer; the first ones are enough to understand it.
    private const int MaxShown = 20;

    private readonly List<string> _sentences = [];
    private readonly Dictionary<string, (int Line, int Places)> _common = [];

    public bool Any => _sentences.Count > 0;

    public void Add(string sentence) => _sentences.Add(sentence);

    /// <summary>Adds a problem that many places may have: it becomes one line, with the first place.</summary>
    /// <param name="place">The place, up to the sentence.</param>
    /// <param name="sentence">The problem, the same for every place.</param>
    public void AddCommon(string place, string sentence)
    {
        if (_common.TryGetValue(sentence, out var known))
        {
            _common[sentence] = known with { Places = known.Places + 1 };
        }
        else
        {
            _common.Add(sentence, (_sentences.Count, 1));
            _sentences.Add(place + sentence);
        }
    }

    public void ThrowIfAny(string what)
    {
        if (_sentences.Count == 0) return;
        foreach (var (line, places) in _common.Values)
            if (places > 1) _sentences[line] += places == 2 ? " The same in another place." : $" The same in {places - 1} other places.";
        var shown = _sentences.Distinct().ToList();
        var more = shown.Count > MaxShown ? $"{Environment.NewLine}- and {shown.Count - MaxShown} more" : "";
        var lines = string.Concat(shown.Take(MaxShown).Select(sentence => Environment.NewLine + "- " + sentence));
        throw new ModelException(shown.Count == 1 ? what + ": " + shown[0] : what + ":" + lines + more) { NamesLayer = true };
    }
}
