using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Suit;

/// <summary>suit-text: what is said to people, by language. No processor acts on it.</summary>
/// <param name="Languages">The languages, in their order.</param>
public sealed record SuitText(IReadOnlyList<SuitText.Language> Languages)
{
    /// <summary>What is said in one language.</summary>
    /// <param name="Tag">A language tag (RFC 5646), for example "en-US".</param>
    /// <param name="Fields">Of the manifest as a whole.</param>
    /// <param name="Components">Of single components.</param>
    public sealed record Language(string Tag, IReadOnlyList<SuitParameter> Fields, IReadOnlyList<(ComponentId Component, IReadOnlyList<SuitParameter> Fields)> Components);

    internal static SuitText Decode(ReadOnlyMemory<byte> bytes) => CborDoor.Decode(bytes, "text", static reader =>
    {
        List<Language> languages = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            _ = CborDoor.Counted(languages.Count, "text");
            languages.Add(ReadLanguage(reader));
        }

        reader.ReadEndMap();
        return new SuitText(languages);
    });

    internal byte[] Encode() => SuitCbor.Item(writer => writer.WriteMap(Languages.Select(static language =>
        ((Action<CborWriter>)(w => w.WriteTextString(language.Tag)), (Action<CborWriter>)(w => WriteLanguage(w, language))))));

    private static Language ReadLanguage(CborReader reader)
    {
        string tag = reader.ReadTextString();
        List<SuitParameter> fields = [];
        List<(ComponentId, IReadOnlyList<SuitParameter>)> components = [];
        int count = 0;
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            count = CborDoor.Counted(count, "text");
            if (reader.PeekState() == CborReaderState.StartArray)
            {
                ComponentId component = ComponentId.Read(reader);
                List<SuitParameter> own = [];
                reader.ReadMap("text", number => own.Add(new SuitParameter(number, SuitValue.Read(reader))));
                components.Add((component, own));
            }
            else
            {
                fields.Add(new SuitParameter(reader.ReadInt64(), SuitValue.Read(reader)));
            }
        }

        reader.ReadEndMap();
        return new Language(tag, fields, components);
    }

    private static void WriteLanguage(CborWriter writer, Language language) => writer.WriteMap(
    [
        .. language.Fields.Select(static field => ((Action<CborWriter>)(w => w.WriteInt64(field.Number)), (Action<CborWriter>)field.Value.Write)),
        .. language.Components.Select(static item => ((Action<CborWriter>)item.Component.Write,
            (Action<CborWriter>)(w => w.WriteMap(item.Fields.Select(static field => (field.Number, (Action<CborWriter>)field.Value.Write)))))),
    ]);
}
