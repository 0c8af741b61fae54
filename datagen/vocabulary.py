"""Common English words for filler text; with a space each takes 6.5 bytes on average."""

WORDS = tuple(
    """
    ability able above accept account across action activity actually address admit adult affect after again
    against agency agent agree ahead allow almost alone along already also although always among amount analysis
    animal another answer anyone anything appear apply approach area argue around arrive article artist assume
    attack audience author avoid away baby back ball bank base because become before begin behavior behind believe
    benefit best better between beyond bill black blood blue board body book born both break bring brother budget
    build building business call camera campaign cancer capital card care career carry case catch cause cell center
    central century certain chair chance change charge check child choice choose church citizen city civil claim
    class clear clearly close coach cold college color come common company compare computer concern consider
    consumer contain continue control cost could country couple course court cover create crime cultural culture
    current customer dark data daughter dead deal death debate decade decide decision deep defense degree describe
    design despite detail develop dinner director discover discuss disease doctor door down draw dream drive drop
    during each early east easy economic economy edge effect effort eight either election employee energy enjoy
    enough enter entire even evening event ever every everyone evidence exactly example exist expect expert explain
    face fact factor fail fall family fast father fear federal feel feeling field fight figure fill film final
    finally find fine finger finish fire firm first fish five floor focus follow food foot force foreign forget
    form former forward four free friend from front full fund future game garden general girl give glass goal good
    great green ground group grow growth guess hair half hand hang happen happy hard have head health hear heart
    heat heavy help here herself high himself history hold home hope hospital hotel hour house however huge human
    hundred husband idea identify image imagine impact improve include increase indeed indicate industry inside
    instead interest into involve issue item itself join just keep kill kind kitchen know land language large last
    late later laugh lawyer lead leader learn least leave left legal less letter level life light like likely line
    list listen little live local long look lose loss machine magazine main maintain major majority make manage
    manager many market marriage material matter maybe mean measure media medical meet meeting member memory
    mention message method middle might military million mind minute miss mission model modern moment money month
    more morning most mother mouth move movement movie much music must myself name nation national natural nature
    near nearly need network never news next nice night none north note nothing notice number occur offer office
    officer official often once only onto open option order other others outside over owner page pain painting
    paper parent part partner party pass past patient pattern peace people perform perhaps period person personal
    phone physical pick picture piece place plan plant play player point police policy politics poor popular
    position positive possible power practice prepare present pressure pretty prevent price private probably
    problem process produce product program project property protect prove provide public pull purpose push quality
    question quickly quite race radio raise range rate rather reach read ready real reality realize really reason
    receive recent recently record reduce reflect region relate remain remember remove report require research
    resource respond response rest result return reveal rich right rise risk road rock role room rule safe same
    save scene school science score season seat second section security seek seem sell send senior sense series
    serious serve service seven several shake share short should shoulder show side sign similar simple simply
    since sing single sister site size skill skin small smile social society soldier some somebody someone song
    soon sort sound source south southern space speak special specific speech spend sport spring staff stage stand
    standard star start state station stay step still stock stop store story strategy street strong student study
    stuff style subject success such suddenly suffer suggest summer support sure surface system table take talk
    task teach teacher team tell tend term test than thank that their them then theory there these they thing think
    third this those though thought thousand threat three through throw thus time today together tonight total
    tough toward town trade training travel treat tree trial trip trouble true truth turn type under unit until
    upon usually value various very victim view violence visit voice vote wait walk wall want watch water weapon
    wear week weight well west western what whatever when where whether which while white whole whom whose wide
    wife will wind window wish with within without woman wonder word work worker world worry would write writer
    wrong yard yeah year young your yourself
    """.split()  # noqa: SIM905 - as a list of quoted words it would be three times as long
)
