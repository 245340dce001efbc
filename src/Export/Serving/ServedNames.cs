namespace OnnxFunctional.Export.Serving;

/// <summary>The names of inputs and outputs in a file.</summary>
/// <param name="asked">For the model's names, others.</param>
internal sealed class ServedNames(IReadOnlyDictionary<string, string> asked)
{
    public string Of(string name) => asked.GetValueOrDefault(name, name);

    /// <summary>Inputs or outputs by their names in the file.</summary>
    public IEnumerable<(string Name, Value Value)> Of(IEnumerable<(string Name, Value Value)> values) => values.Select(entry => (Of(entry.Name), entry.Value));

    /// <summary>Adds what is wrong about the names that are asked for.</summary>
    /// <param name="given">The names that the file has without them.</param>
    /// <param name="problems">Receives a sentence for each fault.</param>
    public void Check(IReadOnlyList<string> given, List<string> problems)
    {
        var unknown = asked.Keys.Except(given).ToList();
        if (unknown.Count > 0)
            problems.Add($"ExportOptions.Names has {Listed(unknown)}; expected names of inputs and outputs: {Listed(given)}.");
        if (asked.Values.Any(string.IsNullOrWhiteSpace)) problems.Add("ExportOptions.Names has an empty name; give each input and output one.");
        var twice = given.GroupBy(Of).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
        if (twice.Count > 0) problems.Add($"ExportOptions.Names gives {Listed(twice)} to more than one input or output; expected a name for each.");
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
