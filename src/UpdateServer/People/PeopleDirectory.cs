using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.People;

/// <summary>Who is who here, and what their credentials are good for. Answered from memory while that is fresh; changed one at a time, as the store holds it, and stored before it shows.</summary>
internal sealed class PeopleDirectory : IAccessMemory
{
    /// <summary>In the data folder: the first token of an installation.</summary>
    public const string BootstrapFile = "bootstrap-token";

    /// <summary>Whose that is.</summary>
    public const string BootstrapPerson = "bootstrap";

    /// <summary>What tokens begin with, so that one that lies about is known for what it is. The first one has no beginning of its own.</summary>
    public const string TokenPrefix = "fota_";

    /// <summary>How long a token can be good for.</summary>
    public const int MaxTokenDays = 366;

    private const int TokenSize = 32;
    private const int MaxTokensOfOne = 64;
    private const int IdLength = 16;

    private readonly IPeopleStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IReadOnlyCollection<IdentityKind> _taken;

    private readonly Remembered<PeopleSnapshot> _people;

    /// <param name="store">Where they are kept.</param>
    /// <param name="directory">The data folder.</param>
    /// <param name="taken">The kinds of identity by which an administrator can come to this server.</param>
    /// <param name="rule">How old the memory may be.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where changes are told.</param>
    public PeopleDirectory(IPeopleStore store, string directory, IReadOnlyCollection<IdentityKind> taken, FreshnessRule rule, TimeProvider time, ILogger log)
    {
        (_store, _taken, _time, _log) = (store, taken, time, log);
        _people = new Remembered<PeopleSnapshot>(Read, rule);
        if (!Now.HasAdministrator(time.GetUtcNow(), taken))
        {
            Bootstrap(directory);
        }
    }

    /// <summary>Everybody who is here, by name.</summary>
    public IReadOnlyList<Person> People => [.. Now.People.Values.Where(static p => p.Removed is null)];

    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    private PeopleSnapshot Now => _people.Current;

    /// <summary>The person with this name; null if there is none.</summary>
    public Person? Find(string name) => Now.Find(name);

    /// <summary>Their tokens, the oldest first.</summary>
    public IReadOnlyList<ApiToken> TokensOf(string person) => [.. Now.TokensOf(person)];

    /// <inheritdoc/>
    public string Topic => Topics.People;

    /// <inheritdoc/>
    public void CatchUp() => _people.CatchUp();

    /// <inheritdoc/>
    public void Confirm(long number, Moment asked) => _people.Confirm(number, asked);

    /// <summary>Whose token it is; null if it is worth nothing.</summary>
    /// <param name="text">The token.</param>
    /// <param name="isOurs">Whether it is, or was, one of this server's: such a one is nobody else's business.</param>
    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    public Caller? FindByToken(string text, out bool isOurs)
    {
        PeopleSnapshot now = Now;
        bool known = now.Tokens.TryGetValue(DigestOf(text), out ApiToken? token);
        isOurs = known || text.StartsWith(TokenPrefix, StringComparison.Ordinal);
        return known && token!.IsGood(_time.GetUtcNow()) && now.Find(token.Person) is { } person
            ? new Caller(person.Name, CredentialKind.Token, token.Id, Narrow(person, token.Roles), token.Expires)
            : null;
    }

    /// <summary>Who is known by these identities, which are one credential's; null if nobody is, or more than one.</summary>
    /// <param name="identities">What the credential says.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="credential">Which one.</param>
    /// <param name="roles">The only roles that it has, of those of the person.</param>
    /// <param name="expires">Until when it is good.</param>
    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    public Caller? FindByIdentity(IEnumerable<PersonIdentity> identities, CredentialKind kind, string credential, Role roles, DateTimeOffset? expires)
    {
        PeopleSnapshot now = Now;
        string[] names = [.. identities.Select(i => now.Identities.GetValueOrDefault(i)).OfType<string>().Distinct(StringComparer.Ordinal)];
        return names.Length == 1 && now.Find(names[0]) is { } person ? new Caller(person.Name, kind, credential, Narrow(person, roles), expires) : null;
    }

    /// <summary>Makes somebody known, or changes what they may do and are known by; the whole is replaced.</summary>
    /// <exception cref="AccessRefusedException">The name is none, an identity is somebody else's, or no administrator would be left.</exception>
    public Person Set(string name, ImmutableArray<Grant> grants, ImmutableArray<PersonIdentity> identities, string by)
    {
        if (!PersonName.IsName(name))
        {
            throw new AccessRefusedException(AccessRefusedException.NoName, "operator: wanted a name of 1 to 64 of a-z, 0-9 and '.-_@+', a letter or digit first, and not one of the server's own, got another");
        }

        Person? person = null;
        Change((now, moment) =>
        {
            if (identities.FirstOrDefault(i => now.Identities.TryGetValue(i, out string? other) && other != name) is { } taken)
            {
                throw new AccessRefusedException(AccessRefusedException.Taken, $"operator: wanted identities that are nobody else's, got {taken.Value}, which is {now.Identities[taken]}'s");
            }

            person = new Person(name) { Grants = grants, Identities = identities, Created = now.People.GetValueOrDefault(name)?.Created ?? moment };
            return (new PeopleChange(person, []), new AccessDecision(moment, by, AccessDecisionKind.PersonSet, name, Describe(person)) { ForLog = DescribeForLog(person) });
        });
        return person!;
    }

    /// <summary>Lets no credential speak for somebody any more. Their name stays theirs.</summary>
    /// <returns>False when nobody here has the name.</returns>
    /// <exception cref="AccessRefusedException">No administrator would be left.</exception>
    public bool Remove(string name, string by) => Change((now, moment) =>
    {
        if (now.Find(name) is not { } person)
        {
            return null;
        }

        Person removed = person with { Grants = [], Identities = [], Removed = moment };
        ApiToken[] tokens = [.. now.TokensOf(name).Where(static t => t.Revoked is null).Select(t => t with { Revoked = moment })];
        return (new PeopleChange(removed, tokens), new AccessDecision(moment, by, AccessDecisionKind.PersonRemoved, name, $"{tokens.Length} tokens were revoked"));
    });

    /// <summary>Makes a token. Its text is given here and never again.</summary>
    /// <returns>Null when nobody here has the name.</returns>
    /// <exception cref="AccessRefusedException">They have too many, or one of this name.</exception>
    public (ApiToken Token, string Text)? CreateToken(string person, string name, Role roles, TimeSpan life, string by)
    {
        (ApiToken Token, string Text) made = default;
        bool isMade = Change((now, moment) =>
        {
            if (now.Find(person) is null)
            {
                return null;
            }

            ApiToken[] good = [.. now.TokensOf(person).Where(t => t.IsGood(moment))];
            if (good.Length >= MaxTokensOfOne || good.Any(t => t.Name == name))
            {
                throw new AccessRefusedException(AccessRefusedException.Taken, $"token: wanted at most {MaxTokensOfOne} of one person, each with a name of its own, got {good.Length} and {name}");
            }

            made = Make(person, name, TokenPrefix, roles, moment, by, moment + life);
            return (new PeopleChange(null, [made.Token]), new AccessDecision(moment, by, AccessDecisionKind.TokenCreated, person, $"{made.Token.Id} ({name}), {string.Join(", ", RoleNames.NamesOf(roles))}, until {made.Token.Expires:u}"));
        });
        return isMade ? made : null;
    }

    /// <summary>Takes a token back, at once.</summary>
    /// <returns>False when they have no such token that is not taken back yet.</returns>
    /// <exception cref="AccessRefusedException">No administrator would be left.</exception>
    public bool RevokeToken(string person, string id, string by) => Change((now, moment) => now.TokensOf(person).FirstOrDefault(t => t.Id == id && t.Revoked is null) is { } token
        ? (new PeopleChange(null, [token with { Revoked = moment }]), new AccessDecision(moment, by, AccessDecisionKind.TokenRevoked, person, $"{id} ({token.Name})"))
        : null);

    private static ImmutableArray<Grant> Narrow(Person person, Role roles) => [.. person.Grants.Where(g => roles.HasFlag(g.Role))];

    private static Sha256Digest DigestOf(string token) => Sha256Digest.Of(Encoding.UTF8.GetBytes(token));

    private static (ApiToken Token, string Text) Make(string person, string name, string prefix, Role roles, DateTimeOffset moment, string by, DateTimeOffset? expires)
    {
        string text = prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenSize));
        Sha256Digest digest = DigestOf(text);
        return (new ApiToken(digest.ToString()[..IdLength], person, name, digest) { Roles = roles, Created = moment, CreatedBy = by, Expires = expires }, text);
    }

    private static string Describe(Person person) => $"{DescribeGrants(person)}{string.Concat(person.Identities.Select(static i => $"; {i.Kind.ToString().ToLowerInvariant()} {i.Value}"))}";

    private static string DescribeForLog(Person person) => $"{DescribeGrants(person)}; {person.Identities.Length} identities";

    private static string DescribeGrants(Person person) => person.Grants.IsEmpty ? "no role" : string.Join("; ", person.Grants.Select(Describe));

    private static string Describe(Grant grant) =>
        $"{RoleNames.NameOf(grant.Role)} of {(grant.Products is null ? "all products" : string.Join(", ", grant.Products))} at {(grant.Sites is null ? "all sites" : string.Join(", ", grant.Sites))}";

    private Known<PeopleSnapshot> Read()
    {
        PeopleNews news = _store.Load();
        return new Known<PeopleSnapshot>(news.Number, PeopleSnapshot.Of(news.People, news.Tokens));
    }

    /// <summary>The file before the digest: after a crash in between, the next start makes another pair.</summary>
    private void Bootstrap(string directory)
    {
        string file = Path.Combine(directory, BootstrapFile);
        bool isMade = Change((now, moment) =>
        {
            if (now.HasAdministrator(moment, _taken))
            {
                return null;
            }

            (ApiToken token, string text) = Make(BootstrapPerson, BootstrapFile, "", Role.All, moment, "server", expires: null);
            DurableFile.ReplacePrivate(file, Encoding.ASCII.GetBytes(text));
            Person person = new(BootstrapPerson) { Grants = [.. RoleNames.Each.Select(static role => new Grant(role))], Created = moment };
            return (new PeopleChange(person, [token]), new AccessDecision(moment, "server", AccessDecisionKind.PersonSet, BootstrapPerson, "no administrator had a credential"));
        });
        if (isMade)
        {
            Log.BootstrapToken(_log, file);
        }
    }

    /// <summary>Makes one change of what the store holds; <paramref name="decide"/> may be asked several times.</summary>
    /// <returns>Whether there was anything to change.</returns>
    private bool Change(Func<PeopleSnapshot, DateTimeOffset, (PeopleChange Change, AccessDecision Decision)?> decide)
    {
        AccessDecision? made = null;
        _people.Change(now =>
        {
            made = null;
            if (decide(now, _time.GetUtcNow()) is not var (change, decision))
            {
                return null;
            }

            PeopleSnapshot after = now.With(change.Person, change.Tokens);
            if (!after.HasAdministrator(decision.At, _taken))
            {
                throw new AccessRefusedException(AccessRefusedException.LastAdministrator, $"{decision.About}: wanted an administrator over everything with a credential to be left, got none");
            }

            made = decision;
            return new Draft<PeopleSnapshot>(after, known => _store.Save(known, change, decision));
        });
        if (made is not null)
        {
            Log.AccessDecided(_log, made.Kind, made.About, made.By, made.Detail);
        }

        return made is not null;
    }
}

/// <summary>A change of people that is not possible; nothing was changed.</summary>
internal sealed class AccessRefusedException(string reason, string message) : Exception(message)
{
    public const string NoName = "ValueOutOfRange";
    public const string Taken = "AlreadyTaken";
    public const string LastAdministrator = nameof(LastAdministrator);

    /// <summary>Stable, for programs.</summary>
    public string Reason { get; } = reason;
}
