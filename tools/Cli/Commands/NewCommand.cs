using System.CommandLine;
using System.Reflection;
using System.Security;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Makes a project whose program trains a small model and writes a verified file.</summary>
internal static class NewCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The folder to make; the project is called after it." };
        name.Validators.Add(result =>
        {
            var project = result.Tokens.Count == 1 ? Path.GetFileName(Path.TrimEndingDirectorySeparator(result.Tokens[0].Value)) : "";
            if (project.Length == 0 || project[0] is '.' or '-' || !project.All(character => char.IsLetterOrDigit(character) || character is '_' or '-' or '.'))
                result.AddError($"NAME is '{project}'; expected a name of letters, digits, '_', '-' and '.', such as MyModel.");
        });
        var source = Typed.Text("--source", "A folder or feed with the package OnnxFunctional, which a nuget.config of the project names.", "FEED");
        var command = new Command("new", "Make a project: a console program that trains a model and writes a verified ONNX file.") { name, source };
        return command.Runs((parsed, report, _) =>
        {
            var folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(name));
            var (feed, version) = (parsed.GetValue(source), OwnVersion());
            if (Path.Exists(folder)) throw new ExportException($"'{folder}' exists already. Give another name.");
            if (feed is not null && !feed.Contains("://", StringComparison.Ordinal))
                (feed, version) = (Path.GetFullPath(feed), VersionIn(Path.GetFullPath(feed), version));
            string[] files = Write(folder, version, feed);
            foreach (var file in files) report.Line($"Wrote {Path.Combine(folder, file)}");
            report.Line("");
            report.Line($"Next: cd {folder}, then dotnet run");
            if (feed is null)
            {
                report.Line(
                    $"NuGet looks for OnnxFunctional {version} in the feeds it knows. For a folder of packages, made by dotnet pack, pass --source FOLDER.");
            }

            report.Result(new() { ["folder"] = folder, ["files"] = Report.Texts(files), ["version"] = version, ["source"] = feed });
            return 0;
        });
    }

    /// <summary>Writes the project beside its place and moves it there, so that it is there completely or not at all.</summary>
    private static string[] Write(string folder, string version, string? feed)
    {
        var project = Path.GetFileName(folder);
        var files = new List<(string Name, string Content)>
        {
            (project + ".csproj", Project(version)),
            ("Program.cs", Program()),
            (".gitignore", "bin/\nobj/\n*.onnx\n"),
        };
        if (feed is not null) files.Add(("nuget.config", Feed(feed)));
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        OnnxFile.CheckWritable(Path.Combine(parent, project));
        var unfinished = Path.Combine(parent, $".{project}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(unfinished);
            foreach (var (file, content) in files) File.WriteAllText(Path.Combine(unfinished, file), content);
            DurableMove.OfFolder(unfinished, Path.Combine(parent, project));
        }
        finally
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        }

        return [.. files.Select(file => file.Name)];
    }

    private static string Project(string version) => $"""
        <Project Sdk="Microsoft.NET.Sdk">

          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
          </PropertyGroup>

          <ItemGroup>
            <PackageReference Include="OnnxFunctional" Version="{version}" />
          </ItemGroup>

        </Project>

        """;

    private static string Feed(string feed) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <configuration>
          <packageSources>
            <add key="OnnxFunctional" value="{SecurityElement.Escape(feed)}" />
          </packageSources>
        </configuration>

        """;

    private static string Program()
    {
        using var reader = new StreamReader(typeof(NewCommand).Assembly.GetManifestResourceStream("Starter.Program.cs")!);
        return reader.ReadToEnd();
    }

    /// <summary>The version of the package in a folder: that of this program, or the only other one there.</summary>
    private static string VersionIn(string folder, string own)
    {
        if (!Directory.Exists(folder))
            throw new ExportException($"There is no folder '{folder}', which --source names. Give one with packages, or a feed's address.");
        const string Package = "OnnxFunctional.";
        string[] versions =
        [
            .. Directory.GetFiles(folder, Package + "*.nupkg").Select(file => Path.GetFileNameWithoutExtension(file)[Package.Length..])
                .Where(rest => char.IsAsciiDigit(rest[0])),
        ];
        return versions.Contains(own) ? own
            : versions.Length == 1 ? versions[0]
            : throw new ExportException(
                $"'{folder}' has no OnnxFunctional.{own}.nupkg. Make it in the sources of this version: dotnet pack -c Release -o \"{folder}\"");
    }

    /// <summary>The version of this program, which is that of the packages made with it.</summary>
    internal static string OwnVersion() =>
        typeof(NewCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
