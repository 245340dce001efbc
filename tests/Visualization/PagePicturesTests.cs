using OnnxFunctional.Visualization;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>The pictures of docs/pictures.md are what Plot draws today. <c>tools/pictures.sh</c> writes them.</summary>
[TestClass]
public sealed class PagePicturesTests
{
    [TestMethod]
    [DataRow("unet")]
    [DataRow("resnet")]
    [DataRow("transformer")]
    [DataRow("multi_io")]
    [DataRow("nested")]
    public void Picture_of_a_small_network_is_up_to_date(string name) => Compare(name, file => PlotCases.Create(name).Plot(
        file,
        showShapes: true,
        showLayerNames: true,
        expandNested: true,
        showLayerActivations: true));

    [TestMethod]
    public void Picture_of_a_long_network_is_up_to_date() => Compare("straight", file => PlotCases.Create("straight").Plot(file));

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    [DataRow("MobileNetV2")]
    [DataRow("NASNetMobile")]
    public void Picture_of_a_large_network_is_up_to_date(string name)
    {
        var model = PlotOfFilesTests.Open(name);
        Compare(name, file => model.Plot(file, showLayerNames: true));
        if (name == "MobileNetV2") Compare(name + "-folded", file => model.Plot(file, showLayerNames: true, foldRepeats: true));
    }

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Picture_of_a_file_is_up_to_date() =>
        Compare("silero_vad_v6", file => ModelPlot.PlotFile(PlotOfFilesTests.RealFile("silero_vad_v6"), file, expandNested: true));

    private static void Compare(string name, Action<string> plot)
    {
        using var folder = new TemporaryFolder();
        var drawn = folder.File("drawn.svg");
        plot(drawn);
        var page = Repository.PathOf("docs", "pictures", name + ".svg");
        if (Environment.GetEnvironmentVariable("ONNXF_WRITE_PAGES") is { Length: > 0 }) File.Copy(drawn, page, overwrite: true);
        Assert.AreEqual(Contents(drawn), Contents(page), $"{page} is not up to date; tools/pictures.sh writes it");
    }

    private static string Contents(string file)
    {
        var picture = SvgPicture.Parse(File.ReadAllText(file));
        return string.Join('\n', [
            .. picture.Boxes.Select(box => box.ToString()),
            .. picture.Texts.Select(text => text.Value),
            .. picture.Edges.Select(edge => edge.Name),
        ]);
    }
}
