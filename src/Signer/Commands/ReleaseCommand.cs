using System.CommandLine;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Sbom;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;

namespace Fota.Signer.Commands;

/// <summary>fota-signer release: create, approve, publish, reissue, list.</summary>
internal static class ReleaseCommand
{
    private const string Author = "release", Approver = "approver";

    public static Command Create(SignerHost host) => new("release", "Signs releases: one person creates, another approves, the first publishes.")
    {
        CreateRelease(host),
        Approve(host),
        Publish(host),
        Reissue(host),
        ReleaseListCommand.Create(host),
        EvidenceCommand.Create(host),
    };

    private static Command CreateRelease(SignerHost host)
    {
        ReleaseOptions options = new(Author);
        Option<uint> security = new("--security-version") { HelpName = "N", Description = "Compared with a device's floor; raise it only when older images must never boot again.", Required = true };
        Option<string> image = Arguments.Required("--image", "FILE", "The image, for either slot; where --image-b is given, the one for slot A.");
        Option<string?> imageB = new("--image-b") { HelpName = "FILE", Description = "The image for slot B, where each slot needs one of its own (code that runs where it lies)." };
        Option<VersionRange?> installableFrom = Arguments.InstallableFrom();
        Option<GateOverride?> gates = Arguments.GateOverride("For an emergency: the gates of devices that the release may pass although they are closed, for example power,maintenance-window (default: none).");
        Option<ReleaseText?> description = Arguments.Description();
        Option<string?> sbom = new("--sbom") { HelpName = "FILE", Description = "The bill of materials (CycloneDX 1.5 or 1.6 JSON, SPDX 2.3 JSON). Its digest is bound into the manifest." };
        Command command = new("create", "Makes a draft from an image and signs its manifest as the author.");
        options.AddTo(command, security, image, imageB, installableFrom, gates, description, sbom);
        command.SetAction(async (arguments, cancellation) =>
        {
            // Signals are listened to from the first await on, and then end the compression in good order.
            await Task.Yield();
            HomeFolder folder = new(arguments.GetRequiredValue(options.Home));
            ReleaseVersion version = arguments.GetRequiredValue(options.Version);
            ProductSettings product = folder.ReadSettings().Product(arguments.GetRequiredValue(options.Product));
            byte[]? bill = arguments.GetValue(sbom) is { } file ? await File.ReadAllBytesAsync(file, cancellation) : null;
            SbomDocument? materials = bill is null ? null : SbomDocument.Decode(bill).OrThrow();
            using OpenedKey key = options.OpenKey(host, folder, arguments);
            ReleaseDraft staged = ReleaseDraft.Stage(folder);
            try
            {
                List<PreparedImage> prepared = [];
                foreach (string? source in (string?[])[arguments.GetRequiredValue(image), arguments.GetValue(imageB)])
                {
                    if (source is not null)
                    {
                        prepared.Add(ReleaseAuthoring.Prepare(source, prepared.Count, product, staged, new ProgressLine(host, "compressing"), cancellation));
                    }
                }

                ComponentImages images = prepared is [var a, var b] ? new ComponentImages.PerSlot(a.Content, b.Content) : new ComponentImages.ForBothSlots(prepared[0].Content);
                ReleaseWording wording = new(arguments.GetValue(installableFrom) ?? VersionRange.Any, arguments.GetValue(gates) ?? GateOverride.None, arguments.GetValue(description), bill);
                using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
                ReleaseWorkshop workshop = options.Workshop(host, home, key, arguments);
                SignedEnvelope envelope = workshop.Step("create", version, () => ReleaseAuthoring.Create(workshop, images, version, new SecurityVersion(arguments.GetValue(security)), wording, staged));
                foreach (PreparedImage one in prepared)
                {
                    await host.Error.WriteLineAsync($"{product.Name} {version}: image {one.Content.ImageSize} bytes, pack {one.PackSize} bytes ({100 * one.PackSize / one.Content.ImageSize} %)");
                }

                if (materials is not null)
                {
                    await host.Out.WriteLineAsync($"SBOM: {materials.Format}, {materials.Components} components of {materials.Subject}, digest {materials.Digest}");
                }

                await ShowDraftAsync(host, arguments, options, envelope);
            }
            finally
            {
                staged.Delete();
            }
        });
        return command;
    }

    private static Command Reissue(SignerHost host)
    {
        ReleaseOptions options = new(Author);
        Command command = new("reissue", "Makes a draft of a published image under a new sequence number: an intended downgrade, within devices' floors.");
        Option<GateOverride?> gates = Arguments.GateOverride("For an emergency: the gates of devices that it may pass although they are closed. Those of the published release do not count.");
        options.AddTo(command, gates);
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(options.Home));
            using OpenedKey key = options.OpenKey(host, folder, arguments);
            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            ReleaseDraft staged = ReleaseDraft.Stage(folder);
            try
            {
                ReleaseVersion version = arguments.GetRequiredValue(options.Version);
                ReleaseWorkshop workshop = options.Workshop(host, home, key, arguments);
                SignedEnvelope envelope = workshop.Step("reissue", version, () => ReleaseAuthoring.Reissue(workshop, version, arguments.GetValue(gates) ?? GateOverride.None, staged));
                await ShowDraftAsync(host, arguments, options, envelope);
            }
            finally
            {
                staged.Delete();
            }
        });
        return command;
    }

    private static Command Approve(SignerHost host)
    {
        ReleaseOptions options = new(Approver);
        Option<Sha256Digest> digest = Arguments.ManifestDigest();
        Command command = new("approve", "Checks a draft as a device would, then signs it as its approver.");
        Option<GateOverride?> gates = Arguments.GateOverride("The gates of devices that the release may pass although they are closed. Has to be said of a release that may, and is refused of any other.");
        options.AddTo(command, digest, gates);
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(options.Home));
            using OpenedKey key = options.OpenKey(host, folder, arguments);
            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            ReleaseVersion version = arguments.GetRequiredValue(options.Version);
            ReleaseWorkshop workshop = options.Workshop(host, home, key, arguments);
            ExaminedDraft draft = workshop.Step("approve", version, () => ReleaseApproval.Approve(workshop, version, arguments.GetRequiredValue(digest), arguments.GetValue(gates) ?? GateOverride.None));
            await host.Out.WriteLineAsync(Approved(workshop.Role.Product, draft));
            await host.Out.WriteLineAsync($"next: fota-signer release publish {options.Repeat(arguments)}");
        });
        return command;
    }

    private static Command Publish(SignerHost host)
    {
        ReleaseOptions options = new(Author);
        Command command = new("publish", "Completes an approved release with the author's signature and puts it into the repository.");
        options.AddTo(command);
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(options.Home));
            using OpenedKey key = options.OpenKey(host, folder, arguments);
            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            ReleaseVersion version = arguments.GetRequiredValue(options.Version);
            ReleaseWorkshop workshop = options.Workshop(host, home, key, arguments);
            RoleDocument role = workshop.Step("publish", version, () => ReleasePublication.Publish(workshop, version));
            await host.Out.WriteLineAsync($"published: {options.Name(arguments)}, role {role.Role} version {role.Content.Version}; the online key makes it visible");
            await host.Out.WriteLineAsync($"next: fota-signer online --home {folder.Root}");
        });
        return command;
    }

    /// <summary>What an approver has signed: a line, another for the bill of materials, and a warning where that says it is of something else.</summary>
    public static string Approved(ProductName product, ExaminedDraft draft)
    {
        UpdateManifest content = draft.Manifest.Content;
        string gates = content.GateOverride.Gates.Count > 0 ? $", overrides gates {content.GateOverride}" : "";
        string sbom = draft.Sbom is { } bill
            ? $"\nSBOM: {bill.Format}, {bill.Components} components of {bill.Subject}, digest {bill.Digest}{(bill.IsOfAnother(product, content.ReleaseVersion) ? $"\nWARNING: the SBOM says it is of {bill.Subject}, the release is {product} {content.ReleaseVersion}" : "")}"
            : "";
        return $"approved: {product} {content.ReleaseVersion}, sequence {content.Sequence}, security version {content.SecurityVersion}{gates}, {string.Join(", ", draft.Manifest.Images.Select(static image => $"image {image.Content.ImageDigest}"))}{sbom}";
    }

    private static async Task ShowDraftAsync(SignerHost host, ParseResult arguments, ReleaseOptions options, SignedEnvelope envelope)
    {
        GateOverride gates = envelope.UnverifiedContent().OrThrow().GateOverride;
        string said = "";
        if (gates.Gates.Count > 0)
        {
            await host.Out.WriteLineAsync($"emergency: on devices it may pass closed gates: {gates}");
            said = $" --override-gates {gates}";
        }

        await host.Out.WriteLineAsync($"manifest digest: {envelope.ClaimedDigest}");
        await host.Out.WriteLineAsync($"next: fota-signer release approve {options.Repeat(arguments)} --manifest-digest {envelope.ClaimedDigest}{said}");
    }
}
