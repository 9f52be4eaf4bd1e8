using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Architecture;

/// <summary>The arrows of docs/architecture.md, read from the assemblies themselves.</summary>
public sealed class AssemblyReferenceTests
{
    private static readonly Dictionary<string, string[]> s_arrows = new(StringComparer.Ordinal)
    {
        ["Fota.Interop"] = [],
        ["Fota.Manifest"] = ["Fota.Interop"],
        ["Fota.Signer"] = ["Fota.Interop", "Fota.Manifest"],
        ["Fota.UpdateServer"] = ["Fota.Interop", "Fota.Manifest"],
        ["Fota.DeviceAgent"] = ["Fota.Interop", "Fota.Manifest"],
        ["Fota.DeviceAgent.Daemon"] = ["Fota.DeviceAgent", "Fota.Interop", "Fota.Manifest"],
        ["Fota.Cli"] = ["Fota.Interop", "Fota.Manifest"],
    };

    // What a device, a server or a tool must never load: Manifest is formats and verification, without network, clock, disk or database.
    private static readonly string[] s_outsideManifest = ["System.Net", "Microsoft.Data", "Microsoft.AspNetCore", "Microsoft.Extensions", "System.IO.FileSystem"];

    private static IEnumerable<string> Assemblies => s_arrows.Keys;

    [TestCaseSource(nameof(Assemblies))]
    public void An_assembly_refers_only_along_the_drawn_arrows(string assembly)
    {
        string[] foreign = [.. References(assembly).Where(static r => r.StartsWith("Fota.", StringComparison.Ordinal)).Except(s_arrows[assembly], StringComparer.Ordinal)];

        Assert.That(foreign, Is.Empty, $"{assembly} has arrows that docs/architecture.md does not draw");
    }

    [Test]
    public void Every_project_of_src_is_drawn()
    {
        IEnumerable<string> projects = Directory.GetFiles(RepositoryRoot.Path("src"), "*.csproj", SearchOption.AllDirectories).Select(static p => Path.GetFileNameWithoutExtension(p));

        Assert.That(projects, Is.EquivalentTo(s_arrows.Keys));
    }

    [Test]
    public void Manifest_knows_no_network_database_or_server() =>
        Assert.That(References("Fota.Manifest").Where(static r => s_outsideManifest.Any(p => r.StartsWith(p, StringComparison.Ordinal))), Is.Empty);

    [Test]
    public void Only_Interop_may_hold_unsafe_code()
    {
        IEnumerable<string> allowed = Directory.GetFiles(RepositoryRoot.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(static p => File.ReadAllText(p).Contains("AllowUnsafeBlocks", StringComparison.Ordinal))
            .Select(static p => Path.GetFileNameWithoutExtension(p));

        Assert.That(allowed, Is.EqualTo(new[] { "Fota.Interop" }));
    }

    [Test]
    public void P5_Server_has_no_arrow_to_the_signer() =>
        Assert.That(References("Fota.UpdateServer"), Has.None.EqualTo("Fota.Signer"));

    private static string[] References(string assembly)
    {
        using FileStream stream = File.OpenRead(Path.Combine(TestContext.CurrentContext.TestDirectory, assembly + ".dll"));
        using PEReader image = new(stream);
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
