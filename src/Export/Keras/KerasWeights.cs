using System.Globalization;
using System.Runtime.CompilerServices;
using PureHDF;

namespace OnnxFunctional.Export.Keras;

/// <summary>Variables in Keras' weight file that are not weights of the model.</summary>
/// <param name="Folder">Their group: <c>optimizer/vars/</c>.</param>
/// <param name="Name">The name of what they belong to.</param>
/// <param name="Variables">Their shapes and values, in order.</param>
internal sealed record VariableGroup(string Folder, string Name, IReadOnlyList<(Shape Shape, float[] Values)> Variables);

/// <summary>Reads and writes the weights of a model as Keras' HDF5 file.</summary>
internal static class KerasWeights
{
    /// <summary>Sets all weights; nothing is set unless everything fits.</summary>
    /// <exception cref="ModelException">Arrays are missing, left over, or of another shape; all are named.</exception>
    public static void Read(Model model, IReadOnlyDictionary<string, Hdf5Array> arrays)
    {
        arrays = Keras2Layout.Upgraded(model, arrays);
        var problems = new List<string>();
        var found = new List<(Weight Weight, Hdf5Array Array)>();
        var used = new HashSet<string>();
        foreach (var entry in KerasStore.Of(model))
        {
            for (var i = 0; i < entry.Weights.Count; i++)
            {
                var (weight, path) = (entry.Weights[i], entry.PathOf(i));
                used.Add(path);
                if (!arrays.TryGetValue(path, out var array)) problems.Add($"{path} is missing, expected {weight.Name} {weight.Shape} of '{entry.Name}'");
                else if (!weight.Shape.Dims.SequenceEqual(array.Dims)) problems.Add(
                    $"{path} has shape ({string.Join(", ", array.Dims)}), expected {weight.Shape} for {weight.Name} of '{entry.Name}'");
                else if (array.Misfit() is { } misfit) problems.Add($"{path} {misfit}");
                else found.Add((weight, array));
            }
        }

        // The variables of optimizer, metrics and random generators are not weights of the model.
        foreach (var path in arrays.Keys.Order(StringComparer.Ordinal))
        {
            var isOfTraining = path.StartsWith("optimizer/", StringComparison.Ordinal) || path.StartsWith('_')
                || path.Contains("seed_generator/", StringComparison.Ordinal);
            if (!used.Contains(path) && !isOfTraining) problems.Add($"{path} ({string.Join(", ", arrays[path].Dims)}) belongs to no weight");
        }

        Set(model, found, problems, "Keras numbers layers of one class, so one layer more or less shifts the others");
    }

    /// <summary>Sets the weights for which there are arrays, if there are no problems.</summary>
    /// <param name="model">The model, for the message.</param>
    /// <param name="found">The array of each weight, in its shape.</param>
    /// <param name="problems">What does not fit.</param>
    /// <param name="rule">How the file says which array belongs to which weight.</param>
    /// <exception cref="ModelException">There are problems; no weight is changed then.</exception>
    public static void Set(Model model, IReadOnlyList<(Weight Weight, Hdf5Array Array)> found, IReadOnlyList<string> problems, string rule)
    {
        if (problems.Count > 0)
        {
            const int Listed = 20;
            var more = problems.Count > Listed ? $"; and {problems.Count - Listed} more" : "";
            throw new ModelException(
                $"The weights do not fit model '{model.Name}': {string.Join("; ", problems.Take(Listed))}{more}. "
                + $"Use the weights of exactly this architecture: {rule}.");
        }

        foreach (var (weight, array) in found)
        {
            array.CopyTo(weight.Overwritten());

            // As in Keras: what was merged when the file was written is not added a second time.
            weight.Adapter?.B.Overwritten().Clear();
        }
    }

    /// <summary>The weights as an HDF5 file in Keras' layout.</summary>
    /// <param name="model">The model.</param>
    /// <param name="others">Other variables; none for weights alone.</param>
    public static byte[] Write(Model model, IReadOnlyList<VariableGroup>? others = null)
    {
        // PureHDF makes generic methods while it runs.
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            throw new ModelException(
                "Weight files of Keras are written by code that is made at run time, which native AOT programs cannot do; they can read such files. "
                + "Use ExportOnnx or trainer.Save, or publish the program trimmed instead.");
        }

        var bytes = model.Weights.Distinct().Sum(weight => 4L * weight.Length)
            + (others ?? []).Sum(group => group.Variables.Sum(variable => 4L * variable.Values.Length));
        if (bytes > int.MaxValue - (1 << 20))
            throw new ModelException($"The weights of model '{model.Name}' take {bytes} bytes; a weight file holds at most 2 GB. Save parts of the model.");
        var root = new H5Group();
        var entries = KerasStore.Of(model);

        // Each object has a group of its own, one for its variables, and the groups above it, of which it may be the first.
        var groups = entries.Sum(entry => 4L + entry.Weights.Count);
        var depth = entries.Max(entry => entry.Path.Count(character => character == '/')) + 3;
        if (groups > Hdf5Reader.MostObjects || depth > Hdf5Reader.DeepestPath)
        {
            throw new ModelException(
                $"The weights of model '{model.Name}' need about {groups} groups, {depth} deep; reading allows {Hdf5Reader.MostObjects}, "
                + $"{Hdf5Reader.DeepestPath} deep. Save parts of the model.");
        }

        foreach (var entry in entries)
        {
            var variables = Group(root, (entry.Path.Length == 0 ? "" : entry.Path + "/") + "vars");
            variables.Attributes["name"] = entry.Name;
            for (var i = 0; i < entry.Weights.Count; i++)
            {
                var weight = entry.Weights[i];
                ulong[] dims = [.. weight.Shape.Dims.ToArray().Select(dim => (ulong)dim)];
                variables[i.ToString(CultureInfo.InvariantCulture)] = new H5Dataset(weight.Merged, fileDims: dims);
            }
        }

        foreach (var group in others ?? [])
        {
            var variables = Group(root, group.Folder.TrimEnd('/'));
            variables.Attributes["name"] = group.Name;
            for (var i = 0; i < group.Variables.Count; i++)
            {
                var (shape, values) = group.Variables[i];
                ulong[] dims = [.. shape.Dims.ToArray().Select(dim => (ulong)dim)];
                variables[i.ToString(CultureInfo.InvariantCulture)] = new H5Dataset(values, fileDims: dims);
            }
        }

        var file = new H5File();
        foreach (var (name, member) in root) file[name] = member;
        using var stream = new MemoryStream();
        file.Write(stream, new H5WriteOptions { PreferCompactDatasetLayout = false });
        return stream.ToArray();
    }

    private static H5Group Group(H5Group root, string path)
    {
        var group = root;
        foreach (var part in path.Split('/'))
        {
            if (!group.TryGetValue(part, out var member)) group[part] = member = new H5Group();
            group = (H5Group)member;
        }

        return group;
    }
}
