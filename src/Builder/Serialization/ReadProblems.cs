namespace OnnxFunctional.Serialization;

/// <summary>Collects what is wrong with a file, so that all of it is told at once.</summary>
internal sealed class ReadProblems
{
    // A broken file may repeat one fault for every layer; the first ones tell the story.
    private const int Told = 20;

    private readonly List<string> _sentences = [];

    public bool Any => _sentences.Count > 0;

    public void Add(string sentence) => _sentences.Add(sentence);

    public void ThrowIfAny(string what)
    {
        if (_sentences.Count == 0) return;
        var shown = _sentences.Distinct().ToList();
        var more = shown.Count > Told ? $"{Environment.NewLine}- and {shown.Count - Told} more" : "";
        throw new ModelException(shown.Count == 1 ? what + ": " + shown[0] : what + ":" + string.Concat(shown.Take(Told).Select(sentence => Environment.NewLine + "- " + sentence)) + more) { NamesLayer = true };
    }
}
