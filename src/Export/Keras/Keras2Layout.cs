using System.Globalization;

namespace OnnxFunctional.Export.Keras;

/// <summary>The paths of weights in files of Keras 2.12 to 2.15, brought into the form of Keras 3.</summary>
/// <remarks>
/// Keras 2 stored a model's layers under the name of another attribute, which lists layers with weights twice, so that their numbers count by two; and on
/// Windows it joined paths by backslashes. Layers of one class keep their order, by which they are found.
/// </remarks>
internal sealed class Keras2Layout
{
    private const string Container = "_layer_checkpoint_dependencies";
    private const string Layers = "layers";

    private readonly Dictionary<string, Hdf5Array> _result = [];
    private readonly HashSet<string> _expected = [];

    private Keras2Layout(Model model)
    {
        foreach (var entry in KerasStore.Of(model).Where(entry => entry.Weights.Count > 0))
        {
            for (var path = entry.Path; path.Length > 0 && _expected.Add(path);) path = path.LastIndexOf('/') is > 0 and var end ? path[..end] : "";
        }
    }

    /// <summary>The arrays by the paths of Keras 3; the same where the file has these.</summary>
    public static IReadOnlyDictionary<string, Hdf5Array> Upgraded(Model model, IReadOnlyDictionary<string, Hdf5Array> arrays)
    {
        if (!arrays.Keys.Any(path => path.Contains('\\', StringComparison.Ordinal) || path.StartsWith(Container, StringComparison.Ordinal))) return arrays;
        var layout = new Keras2Layout(model);
        layout.Add([.. arrays.Select(entry => (entry.Key.Replace('\\', '/').Split('/'), entry.Value))], 0, "");
        return layout._result;
    }

    /// <summary>Adds what lies in one group.</summary>
    private void Add(IReadOnlyList<(string[] Parts, Hdf5Array Array)> entries, int depth, string path)
    {
        foreach (var group in entries.GroupBy(entry => entry.Parts[depth]))
        {
            var inside = group.Where(entry => entry.Parts.Length > depth + 1).ToList();
            foreach (var (_, array) in group.Where(entry => entry.Parts.Length == depth + 1)) _result[Join(path, group.Key)] = array;
            if (group.Key is Container or Layers) AddLayers(inside, depth + 1, Join(path, Layers));

            // The metrics of a compiled model lie beside its layers.
            else if (depth > 0 || group.Key is "vars" or "optimizer") Add(inside, depth + 1, Join(path, Attribute(path, group.Key)));
        }
    }

    /// <summary>Adds the layers of a model: those of one class in their order.</summary>
    private void AddLayers(IReadOnlyList<(string[] Parts, Hdf5Array Array)> entries, int depth, string path)
    {
        var expected = _expected
            .Where(known => known.StartsWith(path + "/", StringComparison.Ordinal) && !known[(path.Length + 1)..].Contains('/', StringComparison.Ordinal))
            .Select(known => Numbered(known[(path.Length + 1)..]))
            .ToLookup(known => known.Class);
        foreach (var family in entries.GroupBy(entry => entry.Parts[depth]).GroupBy(group => Numbered(group.Key).Class))
        {
            var names = expected[family.Key].OrderBy(known => known.Number).Select(known => known.Name).ToList();
            foreach (var (i, layer) in family.OrderBy(group => Numbered(group.Key).Number).Index())
                Add([.. layer.Where(entry => entry.Parts.Length > depth + 1)], depth + 1, Join(path, i < names.Count ? names[i] : layer.Key));
        }
    }

    /// <summary>An attribute that Keras 3 has without an underscore.</summary>
    private string Attribute(string path, string name) =>
        name.StartsWith('_') && !_expected.Contains(Join(path, name)) && _expected.Contains(Join(path, name[1..])) ? name[1..] : name;

    private static (string Name, string Class, int Number) Numbered(string name) =>
        name.LastIndexOf('_') is > 0 and var mark && int.TryParse(name.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (name, name[..mark], number)
            : (name, name, 0);

    private static string Join(string path, string part) => path.Length == 0 ? part : path + "/" + part;
}
