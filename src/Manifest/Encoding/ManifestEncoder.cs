using Fota.Manifest.Suit;

namespace Fota.Manifest.Encoding;

/// <summary>
/// Writes an <see cref="UpdateManifest"/> as SUIT_Manifest (docs/spec/manifest.md). Each content has one encoding; a manifest of one component with
/// one image keeps the form of the profile's first version, so that devices in the field go on taking it.
/// </summary>
internal static class ManifestEncoder
{
    private static readonly SuitValue s_always = new SuitValue.Number(SuitNumbers.ReportAlways);

    public static byte[] Encode(UpdateManifest manifest) => SuitManifestFormat.Encode(new SuitManifest(1, manifest.Sequence.Value, Common(manifest),
    [
        new SuitMember(SuitNumbers.Validate, new SuitContent.Commands([.. Select(manifest, null), Condition(SuitNumbers.ConditionImageMatch)])),
        new SuitMember(SuitNumbers.Install, new SuitContent.Commands(Install(manifest))),
        .. manifest.Text is { } text ? [new SuitMember(SuitNumbers.Text, new SuitContent.Severed(ToSuit(text.Digest)))] : (SuitMember[])[],
    ]));

    /// <summary>SUIT_Digest of SHA-256.</summary>
    public static byte[] Digest(Sha256Digest digest) => SuitCbor.Item(ToSuit(digest).Write);

    private static SuitCommon Common(UpdateManifest manifest)
    {
        List<SuitParameter> ids = [Bytes(SuitNumbers.ParameterVendor, manifest.VendorId), Bytes(SuitNumbers.ParameterClass, manifest.ClassId)];
        List<SuitCommand> conditions = [Condition(SuitNumbers.ConditionVendor), Condition(SuitNumbers.ConditionClass)];
        if (manifest.DeviceId is Guid device)
        {
            ids.Add(Bytes(SuitNumbers.ParameterDevice, device));
            conditions.Add(Condition(SuitNumbers.ConditionDevice));
        }

        // One component with one image: its parameters stand with the ids, as in the draft's example 1.
        if (manifest.Components is [{ Images: ComponentImages.ForBothSlots both }])
        {
            ids.AddRange(Described(both.Image));
            return Common(manifest, [Override(ids), .. conditions]);
        }

        return Common(manifest,
        [
            .. Select(manifest, null),
            Override(ids),
            .. conditions,
            .. manifest.Components.SelectMany((component, index) => (List<SuitCommand>)[.. Select(manifest, index), ForSlots(component, Described)]),
        ]);
    }

    private static SuitCommon Common(UpdateManifest manifest, IReadOnlyList<SuitCommand> shared) =>
        new(null, [.. manifest.Components.Select(static component => component.Id)], shared, []);

    private static List<SuitCommand> Install(UpdateManifest manifest)
    {
        List<SuitCommand> commands = [];
        if (manifest.InstallableFrom.Comparisons.Count > 0)
        {
            // Here and not in the shared sequence, which runs at every boot too, when the version installed is the release's own.
            commands.AddRange(Select(manifest, 0));
            foreach (VersionComparison comparison in manifest.InstallableFrom.Comparisons)
            {
                commands.Add(Override([new SuitParameter(SuitNumbers.ParameterVersion, new SuitValue.Version(comparison))]));
                commands.Add(Condition(SuitNumbers.ConditionVersion));
            }
        }

        for (int i = 0; i < manifest.Components.Count; i++)
        {
            commands.AddRange(Select(manifest, i));
            commands.Add(ForSlots(manifest.Components[i], image => Fetched(manifest, image)));
            commands.Add(new SuitCommand.Plain(SuitNumbers.DirectiveFetch, new SuitValue.Number(SuitNumbers.ReportFetchFailure)));
            commands.Add(Condition(SuitNumbers.ConditionImageMatch));
        }

        return commands;
    }

    /// <summary>Which component the following is about, if there are several; <paramref name="index"/> null for all of them.</summary>
    private static IEnumerable<SuitCommand> Select(UpdateManifest manifest, int? index) => manifest.Components.Count == 1
        ? []
        : [new SuitCommand.SelectComponents(SuitNumbers.DirectiveSetComponentIndex, index is { } one ? new ComponentIndex.One(one) : new ComponentIndex.All())];

    /// <summary>The parameters of a component's image, or, as in the draft's example 3, of the image for the slot in question.</summary>
    private static SuitCommand ForSlots(UpdateComponent component, Func<ComponentImage, IReadOnlyList<SuitParameter>> parameters) => component.Images is ComponentImages.ForBothSlots both
        ? Override(parameters(both.Image))
        : new SuitCommand.TryEach(SuitNumbers.DirectiveTryEach, [OfSlot(component, ImageSlot.A, parameters), OfSlot(component, ImageSlot.B, parameters)]);

    private static IReadOnlyList<SuitCommand> OfSlot(UpdateComponent component, ImageSlot slot, Func<ComponentImage, IReadOnlyList<SuitParameter>> parameters) =>
    [
        Override([new SuitParameter(SuitNumbers.ParameterComponentSlot, new SuitValue.Number((int)slot))]),
        new SuitCommand.Plain(SuitNumbers.ConditionComponentSlot, new SuitValue.Number(SuitNumbers.ReportRecord)),
        Override(parameters(component.Images.For(slot))),
    ];

    private static IReadOnlyList<SuitParameter> Described(ComponentImage image) =>
    [
        new SuitParameter(SuitNumbers.ParameterImageDigest, new SuitValue.Digest(ToSuit(image.ImageDigest))),
        new SuitParameter(SuitNumbers.ParameterImageSize, new SuitValue.Number(image.ImageSize)),
    ];

    private static IReadOnlyList<SuitParameter> Fetched(UpdateManifest manifest, ComponentImage image) =>
    [
        new SuitParameter(SuitNumbers.ParameterUri, new SuitValue.Text(image.PackUri)),
        new SuitParameter(SuitNumbers.ParameterFetchArguments, new SuitValue.Bytes(new FetchArguments(image.ChunkTableDigest, image.ChunkTableSize, manifest.SecurityVersion, manifest.ReleaseVersion, manifest.GateOverride, manifest.SbomDigest).Encode())),
    ];

    private static SuitCommand.Parameters Override(IReadOnlyList<SuitParameter> parameters) => new(SuitNumbers.DirectiveOverrideParameters, parameters);

    private static SuitCommand.Plain Condition(long number) => new(number, s_always);

    private static SuitParameter Bytes(long number, Guid value) => new(number, new SuitValue.Bytes(value.ToByteArray(bigEndian: true)));

    private static SuitDigest ToSuit(Sha256Digest digest) => new(SuitNumbers.Sha256, digest.Bytes.ToArray());
}
