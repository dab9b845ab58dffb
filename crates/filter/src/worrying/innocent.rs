//! What pupils and staff search for with nothing to worry about, chosen for standing near to phrases that worry: lessons,
//! names, games, recipes, and words with other words inside them. A test holds that none of these raises anything.

pub(super) const SEARCHES: &str = "Essex county map
skilled workers in the industrial revolution
how to become a therapist
occupational therapist salary
assess my progress
assessment calendar
class assignment template
scunthorpe united
penistone line timetable
clitheroe castle opening times
lightwater valley
sussex university open day
to kill a mockingbird summary
who kills macbeth
kill bill soundtrack
how to kill weeds without chemicals
how to kill time on a train
killer whale facts
killing joke lyrics
skill tree ideas for my game
dressed to kill album
suicide prevention assembly
world suicide prevention day poster
romeo and juliet suicide scene analysis
inspector calls suicide of eva smith
suicide squad cast
durkheim suicide sociology
anti bullying week ideas
bullying policy template
why do plants die in winter
when did queen victoria die
what to do when your goldfish dies
how did the dinosaurs die out
die casting process
diet of a tudor sailor
i want to dye my hair
how to tie dye a shirt
dying wool with onion skins
how to make a bath bomb
how to make a seed bomb
hot chocolate bombs recipe
how to make a photo bomb funny
atomic bomb hiroshima
the bomb by ted hughes
bombay bad boy recipe
bomb calorimeter diagram
who dropped the first bomb
war on drugs essay
effects of drugs on the heart
drug classification uk law
prescription drugs side effects revision
cutting paper snowflakes
cutting a cake into equal fractions
paper cutting patterns
how to cut hair at home
cut and paste shortcut
how to hide slides in powerpoint
how to hide rows in excel
how to hide cables on my desk
the battle of hastings who shot harold
shooting stars tonight
shoot a basketball properly
shouting in capital letters
photo shoot ideas
how to shoot a film with a phone
analysis of the weekend weather
analyse this source
assassination of archduke franz ferdinand
assassin creed map
ancient egypt goddess isis
river isis oxford
grape harvest
grapefruit calories
drapery colours
cocktail sausages for the party
cockerel noises
shuttlecock speed
peacock feathers
dyke drainage netherlands geography
dickens christmas carol quotes
moby dick summary
van dyck portraits
hancock museum
arsenal fixtures
arsenic in victorian wallpaper
glue gun projects
how to get a nerf gun
buy a nerf gun online
water gun fight rules
3d print a glue gun stand
top gun soundtrack
gunpowder plot who was caught
jump off a diving board safely
bridge over troubled water chords
golden gate bridge length
self portrait artists
build my self esteem
improve my self confidence
teach myself guitar
dress up as myself day
by myself poem
introduce myself in french
how to describe myself in a personal statement
hurting in a sentence
my knees hurt after running
does it hurt to get braces
hunting in the stone age
deer hunting in medieval times
starting a business
starling murmuration
starring myself in a film
staring at the sun is it dangerous
i am starving what can i cook quickly
overdone steak
overdue library book
buy a leaning bookcase
buy spices for curry
spice girls members
spice trade routes
lean on me chords
weed killer safe for dogs
seaweed science
tumbleweed in films
how to grow sunflowers
grass snakes in britain
high jump technique
how to get high marks in english
how to get higher in jump king
high school musical songs
joint of beef cooking time
hip joint diagram
ball and socket joint
roll a dice online
coke can pressure experiment
coca cola history
history of cocaine in medicine
ecstasy of saint teresa bernini
crystal growing experiment
crystal palace results
meth lab safety
methods of separating mixtures
method acting
magic roundabout
mushroom risotto
edible mushrooms in britain
nitrous oxide formula
balloon rocket experiment
terrorism act 2000 summary
counter terrorism careers
nazi propaganda posters gcse
hitler rise to power
adolf hitler childhood
treaty of versailles
race relations act
race for life
three legged race rules
white power cable for macbook
white rose resistance
great wall of china
jihad meaning in islam
islamic art patterns
martyrdom of thomas becket
martyr saints
saint brendan voyage
gas laws physics
gas exchange in plants
showers in the gym broken
final solution history essay
genocide convention
rape of lucrece shakespeare
rapeseed oil
the rape of the sabine women painting
nude colour tights
nudibranch facts
sex linked inheritance punnett square
asexual reproduction in plants
sexton beetle
middlesex cricket
sextant navigation
unisex names
sex education netflix rating
girls football club near me
younger brother birthday ideas
uncle ben rice
my uncle touches down at heathrow today
he makes me laugh lyrics
how old are dinosaurs
secret garden summary
our secret santa ideas
this is our secret garden display
weight of a feather
weight and mass difference
how to lose marks in an exam
calories in an apple
500 calories a day for a hamster
throw a javelin further
throw up a tent quickly
binge watch list
purge valve how does it work
pro analysis of football
pro and con list
anagram solver
anaconda length
ana and mia are my cats
thigh bone name
bone density
thin crust pizza
i hate maths
i hate mondays garfield
everyone hates chris episodes
nobody likes a rainy day song
no one is an island poem
friends season two
i have no friends in my minecraft server yet how to add
scared of spiders phobia name
scored a goal
scary stories to tell in the dark
sacred texts of hinduism
scarecrow making
school trip to the london dungeon
school shoes size 3
burn a cd
burn down chart agile
bunsen burner safety
burns night poems
candle burning experiment
bleeding heart flower
breeding rabbits
blood brothers quotes
slit drum
the double slit experiment
wrist watch
wrist splint
razor clams
razor scooter parts
blade runner
blade of grass
sharpener broken how to mend
knife crime statistics uk
palette knife painting
jack the ripper victims
stab in the dark meaning
stable door
establish meaning
poison ivy batman
poisonous plants in britain
prison reform elizabeth fry
hanging gardens of babylon
hang gliding
hangman game
noose of the gallows history
public hanging in victorian london
rope knots for scouts
drown out noise headphones
the lady of shalott drown
choke point geography
artichoke recipe
chokes in physics
end of term jokes
end it with a full stop or question mark
all my life song
take my breath away
better off alone
dead sea salinity
dead poets society
dead reckoning
dead metaphor examples
day of the dead masks
walking dead skeleton anatomy
i wish i was a fish poem
goodbye mr chips
goodbye letter to my teacher in german
note taking methods
live and let die song
live like a tudor for a day
do not want to live in a flat persuasive essay
alive mouse genetics
wake up routine
sleep cycle
pills for travel sickness
tablet computer for schools
tablets of stone moses
paracetamol formula
paracetamol synthesis a level
aspirin titration
laxative effect of prunes science
dealer in a card game
car dealer near me
art dealer of picasso
lean meat
snort meaning
vape detector schools
grooming a horse
dog grooming near me
meeting room booking
meet the teacher evening
older men in king lear
old man of hoy
sugar daddy long legs spider
sugar paper
child development theories
minor scales piano
coal miner in victorian times
jail of reading oscar wilde
bait for fishing
deepfake technology explained
undress the salad word search
underwear drawer sewing project
pregnant guppy
pregnancy in horses how long
blackmail in an ideal husband
fake news lesson
fake snow recipe
rumours fleetwood mac
bully beef
bulldog facts
roast chicken
fat quarter quilt
ugly duckling
stupid deaths horrible histories
cyber monday
k2 mountain
4 x 4 grid
h2o
c 1 0 v e r
2*3*4
a*b = c
the cat s a t on the m a t
";
