using Fota.TestKit;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>Our own negative vectors: one failure a file, refused for the reason that stands in it.</summary>
public sealed class VectorTests
{
    // Set to 1 to write the vectors anew after a change of format; the difference is then reviewed.
    private const string WriteVariable = "FOTA_WRITE_VECTORS";

    private static readonly string[] s_folders = ["envelope", "manifest", "metadata", "workflow"];

    private static readonly VectorCase[] s_made = [.. EnvelopeCases.All, .. ManifestCases.All, .. MetadataCases.All, .. WorkflowCases.All];

    private static IEnumerable<VectorCase> OnDisk => s_folders.Select(static folder => RepositoryRoot.Path("tests", "vectors", folder))
        .Where(Directory.Exists)
        .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.vec").Order(StringComparer.Ordinal))
        .Select(static file => VectorCase.Parse(Path.GetFileName(Path.GetDirectoryName(file)!), Path.GetFileNameWithoutExtension(file), File.ReadAllText(file)));

    [TestCaseSource(nameof(OnDisk))]
    public void P10_A_vector_is_refused_for_the_reason_that_stands_in_it(object vector)
    {
        VectorCase read = (VectorCase)vector;

        VectorReader.Read(read).IsRefusedFor(read.Expect);
    }

    [Test]
    public void Valid_documents_are_accepted()
    {
        VectorReader.Read(Valid("envelope", ValidDocuments.Envelope)).IsAccepted();
        VectorReader.Read(Valid("manifest", ValidDocuments.Signed(ValidDocuments.NextManifest))).IsAccepted();
        VectorReader.Read(Valid("manifest", ValidDocuments.Signed(ManifestCases.InstallableFromOne))).IsAccepted();
        VectorReader.Read(new VectorCase("workflow", "", default, "", "", WorkflowCases.Valid)).IsAccepted();
    }

    [Test]
    public void The_files_are_those_that_the_cases_make()
    {
        if (string.Equals(Environment.GetEnvironmentVariable(WriteVariable), "1", StringComparison.Ordinal))
        {
            Write();
        }

        Assert.That(OnDisk.Select(static vector => vector.ToText()), Is.EquivalentTo(s_made.Select(static vector => vector.ToText())), $"run with {WriteVariable}=1 and look at the difference");
        Assert.That(s_made.Select(static vector => vector.RelativePath), Is.Unique);
    }

    private static VectorCase Valid(string folder, byte[] document) => VectorCase.Cbor(folder, "", default, "", "", document);

    private static void Write()
    {
        foreach (string folder in s_folders)
        {
            Directory.CreateDirectory(RepositoryRoot.Path("tests", "vectors", folder));
            foreach (string old in Directory.EnumerateFiles(RepositoryRoot.Path("tests", "vectors", folder), "*.vec"))
            {
                File.Delete(old);
            }
        }

        foreach (VectorCase vector in s_made)
        {
            File.WriteAllText(RepositoryRoot.Path("tests", "vectors", vector.RelativePath), vector.ToText());
        }
    }
}
