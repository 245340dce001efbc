using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Tests.Export.Import;

[TestClass]
public class ExternalDataTests
{
    private static readonly float[] Weights = [9, 9, 1, 2, 3, 4, 5, 6, 9];

    [TestMethod]
    [DataRow("w.bin")]
    [DataRow("weights/w.bin")]
    public void A_file_finds_its_data(string location)
    {
        using var folder = Folder();
        File.WriteAllBytes(folder.File("m.onnx"), Model(("location", location), ("offset", "8"), ("length", "24")));
        using var model = OnnxModel.Load(folder.File("m.onnx"));
        Assert.AreEqual(22.5f, model.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 0]);
    }

    [TestMethod]
    public void Bytes_with_external_data_need_a_folder()
    {
        using var folder = Folder();
        var bytes = Model(("location", "w.bin"), ("offset", "8"), ("length", "24"));
        using var model = OnnxModel.FromBytes(bytes, options: new OnnxModelOptions { ExternalDataFolder = folder.Path });
        Assert.AreEqual(22.5f, model.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 0]);
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.FromBytes(bytes)).Message, "set OnnxModelOptions.ExternalDataFolder");
        Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.FromBytes(bytes, options: new OnnxModelOptions { ExternalDataFolder = "" }));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("../w.bin")]
    [DataRow("weights/../w.bin")]
    [DataRow("weights/..")]
    [DataRow("/etc/passwd")]
    [DataRow("C:\\w.bin")]
    [DataRow("c:w.bin")]
    [DataRow("\\\\server\\share\\w.bin")]
    [DataRow("weights\\w.bin")]
    [DataRow("file:///etc/passwd")]
    [DataRow("weights//w.bin")]
    [DataRow("w.bin\0x")]
    [DataRow("w.bin ")]
    [DataRow("w.bin:stream")]
    [DataRow("*/_ORT_MEM_ADDR_/*")]
    [DataRow("_ORT_MEM_ADDR_")]
    public void A_location_that_is_no_plain_path_below_the_folder_is_refused(string location) =>
        Refused("not a plain path", ("location", location), ("offset", "8"), ("length", "24"));

    [TestMethod]
    public void Entries_that_do_not_fit_are_refused()
    {
        Refused("which does not exist", ("location", "absent.bin"));
        Refused("which does not exist", ("location", "weights"));
        Refused("does not name its file", ("offset", "8"));
        Refused("unknown key 'basepath'", ("location", "w.bin"), ("basepath", "/"));
        Refused("twice", ("location", "w.bin"), ("location", "w.bin"));
        Refused("the offset of", ("location", "w.bin"), ("offset", "-8"));
        Refused("the offset of", ("location", "w.bin"), ("offset", "99999999999999999999"));
        Refused("the length of", ("location", "w.bin"), ("length", " 24"));
        Refused("needs 24 bytes and declares 20", ("location", "w.bin"), ("length", "20"));
        Refused("which has 36 bytes", ("location", "w.bin"), ("offset", "16"));
        Refused("which has 36 bytes", ("location", "w.bin"), ("offset", "9223372036854775807"), ("length", "24"));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    public void Links_anywhere_below_the_folder_are_refused()
    {
        using var folder = Folder();
        using var outside = Folder();
        File.CreateSymbolicLink(folder.File("link.bin"), outside.File("w.bin"));
        Directory.CreateSymbolicLink(folder.File("linked"), outside.Path);
        foreach (var location in new[] { "link.bin", "linked/w.bin" })
        {
            File.WriteAllBytes(folder.File("m.onnx"), Model(("location", location), ("offset", "8"), ("length", "24")));
            StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.Load(folder.File("m.onnx"))).Message, "behind the link");
        }
    }

    private static void Refused(string part, params (string Key, string Value)[] entries)
    {
        using var folder = Folder();
        File.WriteAllBytes(folder.File("m.onnx"), Model(entries));
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.Load(folder.File("m.onnx"))).Message, part);
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("weights"));
        File.WriteAllBytes(folder.File("w.bin"), MemoryMarshal.AsBytes(Weights.AsSpan()));
        File.Copy(folder.File("w.bin"), folder.File("weights/w.bin"));
        return folder;
    }

    private static byte[] Model(params (string Key, string Value)[] entries)
    {
        var model = HandmadeModels.Dense();
        var tensor = model.Graph.Initializer[0];
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach (var (key, value) in entries) tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        return model.ToByteArray();
    }
}
