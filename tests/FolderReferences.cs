using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace OnnxFunctional.Tests;

/// <summary>One place in src where code of one file names something that another file declares.</summary>
internal sealed record FolderReference(string File, int Line, string Symbol, string DeclaredIn)
{
    /// <summary>The room of the file that refers.</summary>
    public string From { get; } = FolderReferences.RoomOf(File);

    /// <summary>The room of the file that declares.</summary>
    public string To { get; } = FolderReferences.RoomOf(DeclaredIn);

    public override string ToString() => $"{File}({Line}): {Symbol}, declared in {DeclaredIn}";
}

/// <summary>
/// All references of src, found by the compiler: the projects are bound in one compilation, so internals are visible and symbols are the same.
/// </summary>
internal static class FolderReferences
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>Folders whose subfolders are rooms of their own; elsewhere a room is a folder of a project with all below it.</summary>
    private static readonly string[] s_divided = ["Builder/Layers", "Export/Emit", "Training/Kernels", "Training/Simd"];

    /// <summary>
    /// The room of a file: <c>Builder/Graph</c> for <c>src/Builder/Graph/Node.cs</c>, <c>Builder</c> for <c>src/Builder/ModelException.cs</c>.
    /// </summary>
    public static string RoomOf(string file)
    {
        var folders = file.Split('/')[1..^1];
        var depth = s_divided.Contains(string.Join('/', folders.Take(2))) ? 3 : 2;
        return string.Join('/', folders.Take(depth));
    }

    /// <summary>Lists the references of src between rooms that <paramref name="matters"/> asks for, and the names that did not bind.</summary>
    /// <remarks>
    /// Binding takes most of the time, so a name is bound only if a type, an extension method or a member of a partial type's further files has that name in a
    /// room that matters.
    /// That is enough for rooms in an order: to use any other member one needs its type, and either names it or gets it from a room below, which then names it.
    /// </remarks>
    /// <param name="root">The folder of the solution.</param>
    /// <param name="assemblies">The folder with the packages' assemblies.</param>
    /// <param name="matters">Whether references from one room to another are wanted.</param>
    public static (IReadOnlyList<FolderReference> References, IReadOnlyList<string> Unbound) Of(
        string root,
        string assemblies,
        Func<string, string, bool> matters)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp14, DocumentationMode.None);
        var trees = Sources(root).AsParallel().AsOrdered()
            .Select(file => CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(Path.Combine(root, file)), Encoding.UTF8), options, file))
            .ToList();
        var ours = trees.Where(tree => !IsGenerated(tree.FilePath)).ToList();
        var declarations = ours.SelectMany(DeclaredNames).ToLookup(declared => declared.Name, declared => declared.Room);
        var rooms = declarations.ToDictionary(names => names.Key, names => names.Distinct().ToList());
        var compilation = CSharpCompilation.Create(
            "Rooms",
            trees.Append(CSharpSyntaxTree.ParseText(ImplicitUsings, options)),
            References(assemblies),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var found = ours.AsParallel().AsOrdered().Select(tree => OfTree(compilation, tree, rooms, matters)).ToList();
        return ([.. found.SelectMany(tree => tree.References)], [.. found.SelectMany(tree => tree.Unbound)]);
    }

    private static IEnumerable<(string Name, string Room)> DeclaredNames(SyntaxTree tree)
    {
        var (room, file) = (RoomOf(tree.FilePath), Path.GetFileNameWithoutExtension(tree.FilePath));
        foreach (var node in tree.GetRoot().DescendantNodes(node => node is not (StatementSyntax or ExpressionSyntax)).OfType<MemberDeclarationSyntax>())
        {
            if (node is BaseTypeDeclarationSyntax type) yield return (type.Identifier.ValueText, room);
            else if (node is DelegateDeclarationSyntax function) yield return (function.Identifier.ValueText, room);
            else if (IsExtension(node)
                || (node.Parent is TypeDeclarationSyntax part && part.Modifiers.Any(SyntaxKind.PartialKeyword) && part.Identifier.ValueText != file))
            {
                var name = node switch
                {
                    MethodDeclarationSyntax method => method.Identifier.ValueText,
                    PropertyDeclarationSyntax property => property.Identifier.ValueText,
                    OperatorDeclarationSyntax method => method.OperatorToken.ValueText,
                    _ => null,
                };
                if (name is not null) yield return (name, room);
            }
        }
    }

    private static bool IsExtension(MemberDeclarationSyntax member) =>
        member is MethodDeclarationSyntax { ParameterList.Parameters: [{ } first, ..] } && first.Modifiers.Any(SyntaxKind.ThisKeyword)
            || member.Parent is ExtensionBlockDeclarationSyntax;

    private static IEnumerable<string> Sources(string root)
    {
        string[] folders = ["src", Path.Combine("tools", "Visualization")];
        var files = folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .ToList();

        // The classes that protoc makes of onnx.proto are written by the build.
        return files.Where(file => !IsGenerated(file))
            .Concat(files.Where(file => file.EndsWith("/Onnx.cs", StringComparison.Ordinal) && IsGenerated(file)).Take(1));
    }

    private static bool IsGenerated(string file) => file.Contains("/obj/", StringComparison.Ordinal) || file.Contains("/bin/", StringComparison.Ordinal);

    private static IEnumerable<MetadataReference> References(string assemblies) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Concat(Directory.EnumerateFiles(assemblies, "*.dll"))
            .Where(path => !Path.GetFileName(path).StartsWith("OnnxFunctional", StringComparison.Ordinal) && IsManaged(path))
            .DistinctBy(Path.GetFileName)
            .Select(path => MetadataReference.CreateFromFile(path));

    private static bool IsManaged(string path)
    {
        try
        {
            AssemblyName.GetAssemblyName(path);
            return true;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    private static (List<FolderReference> References, List<string> Unbound) OfTree(
        Compilation compilation,
        SyntaxTree tree,
        Dictionary<string, List<string>> rooms,
        Func<string, string, bool> matters)
    {
        var (references, unbound) = (new List<FolderReference>(), new List<string>());
        var (file, room) = (tree.FilePath, RoomOf(tree.FilePath));
        var model = compilation.GetSemanticModel(tree);
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            var name = node switch
            {
                SimpleNameSyntax named => named.Identifier.ValueText,
                BinaryExpressionSyntax operation => operation.OperatorToken.ValueText,
                PrefixUnaryExpressionSyntax operation => operation.OperatorToken.ValueText,
                _ => null,
            };
            if (name is null || !rooms.TryGetValue(name, out var declaredIn) || !declaredIn.Exists(to => to != room && matters(room, to))) continue;
            if (node.Parent is NameColonSyntax || node.FirstAncestorOrSelf<UsingDirectiveSyntax>() is { StaticKeyword.RawKind: 0, Alias: null }) continue;
            var info = model.GetSymbolInfo(node);
            if ((info.Symbol ?? info.CandidateSymbols.FirstOrDefault()) is not { } symbol)
            {
                if (node is SimpleNameSyntax) unbound.Add($"{file}({LineOf(node)}): {node}");
                continue;
            }

            if (DeclarationOf(symbol) is not { } declaration) continue;
            var reference = new FolderReference(file, LineOf(node), symbol.ToDisplayString(SymbolDisplayFormat.CSharpShortErrorMessageFormat), declaration);
            if (reference.To != room && matters(room, reference.To)) references.Add(reference);
        }

        return (references, unbound);
    }

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>
    /// The file that declares a symbol, or <see langword="null"/> if src does not. A partial type is declared in the file of its own name, its members where
    /// they stand.
    /// </summary>
    private static string? DeclarationOf(ISymbol symbol)
    {
        if (symbol is ITypeParameterSymbol or IFieldSymbol { ContainingType.IsTupleType: true }) return null;
        if (symbol is not (ITypeSymbol or IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol)) return null;
        symbol = (symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol).OriginalDefinition;
        if (symbol is IArrayTypeSymbol array) return DeclarationOf(array.ElementType);
        var files = symbol.DeclaringSyntaxReferences
            .Select(reference => reference.SyntaxTree.FilePath)
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
            .ToList();
        if (files.Count == 0) return symbol is { IsImplicitlyDeclared: true, ContainingType: { } type } ? DeclarationOf(type) : null;
        var main = files.FirstOrDefault(file => Path.GetFileName(file) == symbol.Name + ".cs") ?? files[0];
        return IsGenerated(main) ? null : main;
    }
}
