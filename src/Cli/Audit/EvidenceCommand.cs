using System.CommandLine;
using System.Globalization;
using System.Text;
using Fota.Manifest;
using Fota.Manifest.Evidence;
using Fota.Manifest.Log;

namespace Fota.Cli.Audit;

/// <summary>`fota audit verify-evidence`: a release, by one file and one root.</summary>
internal static class EvidenceCommand
{
    public static Command Create()
    {
        Argument<FileInfo> file = new Argument<FileInfo>("FILE") { Description = "The bundle, as `fota release evidence` wrote it." }.AcceptExistingOnly();
        Option<FileInfo> root = new Option<FileInfo>("--root") { HelpName = "FILE", Description = "A root.json that you trust.", Required = true }.AcceptExistingOnly();
        Command command = new("verify-evidence", "Checks offline, by a root alone, that a release was signed, approved, published and logged.") { file, root };
        command.SetAction(parsed =>
        {
            FileInfo bundle = parsed.GetRequiredValue(file);
            if (bundle.Length > EvidenceBundle.MaxBytes)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"evidence: wanted at most {EvidenceBundle.MaxBytes} bytes, got {bundle.Length}");
            }

            Print(VerifiedEvidence.Verify(File.ReadAllBytes(bundle.FullName), File.ReadAllBytes(parsed.GetRequiredValue(root).FullName)).OrThrow());
        });
        return command;
    }

    private static void Print(VerifiedEvidence evidence)
    {
        UpdateManifest content = evidence.Manifest.Content;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"release: {evidence.Product} {content.ReleaseVersion}, sequence {content.Sequence}, security version {content.SecurityVersion}\n");
        text.Append(CultureInfo.InvariantCulture, $"manifest: {evidence.Manifest.Digest}, signed by {string.Join(" and ", evidence.Manifest.Signers.Select(static key => key.ToString()))}\n");
        text.Append(evidence.Sbom is { } sbom ? $"SBOM: {sbom.Format}, {sbom.Components} components of {sbom.Subject}, {sbom.Digest}\n" : "SBOM: none\n");
        if (evidence.Sbom is { } bill && bill.IsOfAnother(evidence.Product, content.ReleaseVersion))
        {
            text.Append(CultureInfo.InvariantCulture, $"WARNING: the SBOM says it is of {bill.Subject}, the release is {evidence.Product} {content.ReleaseVersion}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"as of: timestamp {evidence.Timestamp.Version}, all of whose metadata was good until {evidence.Expires:yyyy-MM-dd HH:mm:ss}Z\n");
        text.Append(CultureInfo.InvariantCulture, $"log: {evidence.Checkpoint.Key}, {evidence.Checkpoint.Content.Size} entries\n");
        foreach (LogEntry entry in evidence.Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {entry.Number} {entry.Time:yyyy-MM-dd HH:mm:ss}Z {entry.Kind} by {entry.Actor}: {entry.Subject}\n");
        }

        text.Append("verified\n");
        Output.Lines(text.ToString());
    }
}
