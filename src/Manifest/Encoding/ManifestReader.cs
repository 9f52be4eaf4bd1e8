using Fota.Manifest.Suit;

namespace Fota.Manifest.Encoding;

/// <summary>
/// Takes the content of our profile out of a SUIT manifest, by going through its commands as a SUIT processor would: which component and slot is
/// meant, which parameters are set for it. What is missing is refused by name; that nothing is there too much is the caller's check.
/// </summary>
internal sealed class ManifestReader
{
    private static readonly long[] s_plain =
    [
        SuitNumbers.ConditionVendor, SuitNumbers.ConditionClass, SuitNumbers.ConditionDevice, SuitNumbers.ConditionImageMatch, SuitNumbers.ConditionComponentSlot,
        SuitNumbers.ConditionVersion, SuitNumbers.DirectiveFetch,
    ];

    private readonly Dictionary<(int Component, ImageSlot? Slot), ImageFields> _images = [];
    private readonly List<VersionComparison> _versions = [];
    private readonly int _components;
    private HashSet<long> _commands = [];
    private Guid? _vendor, _class, _device;
    private int? _component;
    private ImageSlot? _slot;

    private ManifestReader(int components)
    {
        _components = components;
        _component = components == 1 ? 0 : null;
    }

    public static UpdateManifest Read(SuitManifest manifest, EnvelopeElement? text)
    {
        if (manifest.Version != 1)
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"manifest version: wanted 1, got {manifest.Version}");
        }

        if (manifest.Common is { Dependencies: not null } or { Others.Count: > 0 })
        {
            throw ManifestDecoder.Unsupported("common: an element beyond components and shared sequence, such as dependencies,");
        }

        IReadOnlyList<ComponentId> ids = CborDoor.Require(manifest.Common.Components, "common: components");
        if (ids.Count is 0 or > UpdateManifest.MaxComponents || ids.Distinct().Count() != ids.Count)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"components: wanted 1 to {UpdateManifest.MaxComponents}, each once, got {ids.Count}");
        }

        foreach (SuitMember member in manifest.Members.Where(static member => member.Number is not (SuitNumbers.Validate or SuitNumbers.Install or SuitNumbers.Text)))
        {
            throw ManifestDecoder.Unsupported($"manifest: element {member.Number}");
        }

        ManifestReader reader = new(ids.Count);
        HashSet<long> shared = reader.Run(manifest.Common.SharedSequence, "shared sequence");
        HashSet<long> validate = reader.Run(Sequence(manifest, SuitNumbers.Validate, "validate"), "validate");
        HashSet<long> install = reader.Run(Sequence(manifest, SuitNumbers.Install, "install"), "install");

        // What we could not act upon comes first; only of what we could is it worth saying that something is missing.
        Demand(shared, "shared sequence", SuitNumbers.ConditionVendor, SuitNumbers.ConditionClass);
        if (reader._device is not null)
        {
            Demand(shared, "shared sequence", SuitNumbers.ConditionDevice);
        }

        Demand(validate, "validate", SuitNumbers.ConditionImageMatch);
        Demand(install, "install", SuitNumbers.DirectiveFetch, SuitNumbers.ConditionImageMatch);
        return reader.ToManifest(manifest, ids, TextOf(manifest, text));
    }

    private static IReadOnlyList<SuitCommand>? Sequence(SuitManifest manifest, long number, string what) => manifest.Members.FirstOrDefault(member => member.Number == number)?.Content switch
    {
        SuitContent.Commands commands => commands.Content,
        null => null,
        _ => throw ManifestDecoder.Unsupported($"{what}: severed, which"),
    };

    private static ReleaseText? TextOf(SuitManifest manifest, EnvelopeElement? element)
    {
        switch (manifest.Members.FirstOrDefault(static member => member.Number == SuitNumbers.Text)?.Content)
        {
            case null:
                return null;
            case SuitContent.Severed severed:
                Sha256Digest digest = ManifestDecoder.ToSha256(severed.Digest, "text");
                return element is null ? ReleaseText.CutOff(digest) : ReleaseText.Decode(digest, element.Encoded);
            default:
                throw ManifestDecoder.Unsupported("manifest: text that is not severed");
        }
    }

    /// <summary>Goes through a sequence, if it is there, and gives the numbers of the commands that are in it.</summary>
    private HashSet<long> Run(IReadOnlyList<SuitCommand>? commands, string what)
    {
        _commands = [];
        _component = _components == 1 ? 0 : null;
        RunEach(commands ?? [], what);
        return _commands;
    }

    private void RunEach(IReadOnlyList<SuitCommand> commands, string what)
    {
        foreach (SuitCommand command in commands)
        {
            _commands.Add(command.Number);
            switch (command)
            {
                case SuitCommand.SelectComponents { Index: ComponentIndex.One one } when one.Index >= 0 && one.Index < _components:
                    _component = (int)one.Index;
                    break;
                case SuitCommand.SelectComponents { Index: ComponentIndex.All }:
                    _component = null;
                    break;
                case SuitCommand.Parameters { Number: SuitNumbers.DirectiveOverrideParameters } parameters:
                    foreach (SuitParameter parameter in parameters.Values)
                    {
                        Set(parameter, what);
                    }

                    break;
                case SuitCommand.TryEach { Alternatives: [{ } a, { } b] } when _slot is null:
                    RunEach(a, what);
                    RunEach(b, what);
                    _slot = null;
                    break;
                case SuitCommand.Plain plain when Array.IndexOf(s_plain, plain.Number) >= 0:
                    break;
                default:
                    throw ManifestDecoder.Unsupported($"{what}: command {command.Number}");
            }
        }
    }

    private void Set(SuitParameter parameter, string what)
    {
        switch (parameter)
        {
            case { Number: SuitNumbers.ParameterVendor }:
                _vendor = Uuid(parameter, "vendor id");
                break;
            case { Number: SuitNumbers.ParameterClass }:
                _class = Uuid(parameter, "class id");
                break;
            case { Number: SuitNumbers.ParameterDevice }:
                _device = Uuid(parameter, "device id");
                break;
            case { Number: SuitNumbers.ParameterComponentSlot, Value: SuitValue.Number slot }:
                _slot = (ImageSlot)ManifestDecoder.InRange(slot.Value, (int)ImageSlot.A, (int)ImageSlot.B, "component slot");
                break;
            case { Number: SuitNumbers.ParameterVersion, Value: SuitValue.Version version }:
                _versions.Add(version.Content);
                break;
            default:
                Image(what).Set(parameter, what);
                break;
        }
    }

    private ImageFields Image(string what)
    {
        if (_component is not { } component)
        {
            throw ManifestDecoder.Unsupported($"{what}: one image for several components");
        }

        if (!_images.TryGetValue((component, _slot), out ImageFields? fields))
        {
            _images.Add((component, _slot), fields = new ImageFields());
        }

        return fields;
    }

    private static void Demand(HashSet<long> commands, string what, params ReadOnlySpan<long> wanted)
    {
        foreach (long command in wanted)
        {
            if (!commands.Contains(command))
            {
                throw new RejectedException(RejectionReason.MissingField, $"{what}: command {command} is missing");
            }
        }
    }

    private UpdateManifest ToManifest(SuitManifest manifest, IReadOnlyList<ComponentId> ids, ReleaseText? text)
    {
        Guid vendor = CborDoor.Require(_vendor, "vendor id"), deviceClass = CborDoor.Require(_class, "class id");
        UpdateComponent[] components = [.. ids.Select((id, index) => new UpdateComponent(id, ImagesOf(index)))];

        // Every image names the release's versions and gates; that all name the same is seen when the manifest is encoded again.
        FetchArguments arguments = _images.Values.First().Arguments!;
        return new UpdateManifest
        {
            Sequence = manifest.Sequence > 0 ? new SequenceNumber(manifest.Sequence) : throw new RejectedException(RejectionReason.ValueOutOfRange, "sequence number: wanted at least 1, got 0"),
            VendorId = vendor,
            ClassId = deviceClass,
            DeviceId = _device,
            Components = [.. components],
            SecurityVersion = arguments.SecurityVersion,
            ReleaseVersion = arguments.ReleaseVersion,
            GateOverride = arguments.Override,
            SbomDigest = arguments.Sbom,
            InstallableFrom = new VersionRange([.. _versions]),
            Text = text,
        };
    }

    private ComponentImages ImagesOf(int component) => _images.ContainsKey((component, ImageSlot.A)) || _images.ContainsKey((component, ImageSlot.B))
        ? new ComponentImages.PerSlot(ImageOf(component, ImageSlot.A), ImageOf(component, ImageSlot.B))
        : new ComponentImages.ForBothSlots(ImageOf(component, null));

    private ComponentImage ImageOf(int component, ImageSlot? slot) => (_images.GetValueOrDefault((component, slot)) ?? new ImageFields()).ToImage();

    private static Guid Uuid(SuitParameter parameter, string what) => parameter.Value is SuitValue.Bytes { Content.Length: 16 } bytes
        ? new Guid(bytes.Content.Span, bigEndian: true)
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: wanted 16 bytes");
}
