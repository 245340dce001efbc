namespace OnnxFunctional.Tests;

/// <summary>The order of the rooms (folders) of src: what may reference what. ARCHITECTURE.md shows the same picture.</summary>
[TestClass]
public sealed class FolderReferenceTests
{
    /// <summary>
    /// The floors from the ground up, without exceptions. A room may reference the rooms of the floors below it; rooms of one floor do not reference each
    /// other.
    /// </summary>
    private static readonly string[] s_floors =
    [
        "Builder",
        "Builder/Notebooks",
        "Builder/Tensors",
        "Builder/Text",
        "Builder/Initializers",
        "Builder/Graph",
        "Builder/Ops",
        "Builder/Activations  Builder/Constraints  Builder/Regularizers",
        "Builder/Layers",
        "Builder/Layers/Activations  Builder/Layers/Convolution  Builder/Layers/Pooling  Builder/Layers/Reshaping",
        "Builder/Layers/Core  Builder/Layers/Normalization  Builder/Layers/Regularization",
        "Builder/Layers/Attention  Builder/Layers/Merging  Builder/Layers/Preprocessing  Builder/Layers/Recurrent",
        "Builder/Models",
        "Builder/Serialization",
        "Builder/Pruning",

        "Training/Simd/Vectors",
        "Training/Simd/Convolution  Training/Simd/VectorMath",
        "Training/Simd/Elementwise  Training/Simd/Pooling  Training/Simd/Recurrent",
        "Training/Simd/Gemm  Training/Simd/Movement  Training/Simd/Rows",
        "Training/Gradients  Training/Distributing",
        "Training/Execution",
        "Training/Kernels/Convolution  Training/Kernels/Elementwise  Training/Kernels/Movement  Training/Kernels/Normalization  Training/Kernels/Pooling",
        "Training/Kernels/Products  Training/Kernels/Recurrent  Training/Kernels/Reduction  Training/Kernels/Resizing  Training/Kernels/Softmax",
        "Training/Kernels/Text",
        "Training/Kernels/Selection",
        "Training/Kernels",
        "Training/Kernels/Staging",
        "Training/Data",
        "Training/Engine",
        "Training/Augmenting  Training/Inspection",
        "Training/Losses  Training/TensorBoardFiles",
        "Training/Metrics  Training/Optimizers",
        "Training/Policies",
        "Training/Steps",
        "Training/Fitting",
        "Training/Callbacks  Training/Diagnosing  Training/Profiling  Training/Saving",
        "Training/Pruning",

        "MLNet/Tables",
        "MLNet",

        "Export/Files  Export/Layouts  Export/Proto",
        "Export/Targets",
        "Export/Emit/Context  Export/Import",
        "Export/Emit/Emitters",
        "Export/Emit",
        "Export/Importers/Context",
        "Export/Importers/Rows",
        "Export/Importers",
        "Export/Keras  Export/Resume  Export/Runtime",
        "Export/Verify",
        "Export/Quantizing  Export/TrainingStep",
        "Export/Halving",
        "Export/Serving",
        "Export",

        "Visualization/Layouts",
        "Visualization/Drawings",
        "Visualization/Tiles",
        "Visualization/Inside",
        "Visualization/Charts",
        "Visualization/Plots",
        "Visualization/Reports",
        "Visualization/Live",
        "Visualization",
    ];

    [TestMethod]
    public void Rooms_reference_only_rooms_on_lower_floors()
    {
        var floors = s_floors
            .SelectMany((line, floor) => line.Split("  ").Select(room => (Room: room, Floor: floor)))
            .ToDictionary(entry => entry.Room, entry => entry.Floor);
        var (references, unbound) = FolderReferences.Of(Repository.Root, AppContext.BaseDirectory, IsForbidden);

        Assert.IsEmpty(
            references,
            "Rooms may reference lower floors only:\n" + string.Join('\n', references.Select(reference => $"{reference.From} -> {reference.To}: {reference}")));
        Assert.IsEmpty(unbound, "Names that did not bind; the compilation of this test lacks something:\n" + string.Join('\n', unbound));

        bool IsForbidden(string from, string to) => Floor(to) >= Floor(from);

        int Floor(string room) =>
            floors.TryGetValue(room, out var floor) ? floor : throw new InvalidOperationException($"src/{room} is on no floor; add it to s_floors.");
    }
}
